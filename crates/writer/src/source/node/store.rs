//! A server of nodes as a [`ScanStore`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bliss_node::NodeError;
use bliss_node::key::NodeKey;
use bliss_node::shared_scans::{self, AnnouncedScan};
use bliss_node::store::NodeStore;
use observation::with_causes;
use serde_json::Value as Json;
use tracing::error;

use super::NodeScan;
use super::dataset::DatasetMetadata;
use super::info::scan_info;
use super::spool::SpoolingNodes;
use crate::options::SpoolOptions;
use crate::source::group::{self, GroupFeed, SharedStore};
use crate::source::memory_watch::{MemoryState, MemoryWatch, ShortageCause};
use crate::source::spools::Spools;
use crate::source::{
    ClaimError, FileClaim, LivingWriter, MemoryForecast, ScanFeed, ScanHeadline, ScanId,
    ScanSource, ScanSpool, ScanStore, ScanSummary, ServerState, SourceError, SpooledScan,
    claimed_file, parse_time,
};

/// Returns the scans that a server of BLISS 1 holds.
///
/// ```
/// use bliss_node::store::NodeStore;
/// use redis_client::RedisUrl;
/// use writer::source::node::scan_store;
///
/// let url: RedisUrl = "redis://localhost:6380".parse().unwrap();
/// let scans = scan_store(&NodeStore::new(&url));
/// ```
pub fn scan_store(store: &NodeStore) -> Arc<dyn ScanStore> {
    create(store, Spools::ignored(SpoolingNodes(store.clone())))
}

/// Returns the scans that a server of BLISS 1 holds, to save them. Their unread points are spooled before Redis drops them,
/// and scans are left alone whose unread points are on another host.
pub fn spooling_scan_store(store: &NodeStore, options: &SpoolOptions) -> Arc<dyn ScanStore> {
    let spooling = SpoolingNodes(store.clone());
    create(store, Spools::new(spooling, options))
}

fn create(store: &NodeStore, spools: Spools<SpoolingNodes>) -> Arc<dyn ScanStore> {
    Arc::new(NodeScans {
        store: store.clone(),
        memory: MemoryWatch::default(),
        spools: Arc::new(spools),
    })
}

#[derive(Debug)]
struct NodeScans {
    store: NodeStore,
    memory: MemoryWatch,
    spools: Arc<Spools<SpoolingNodes>>,
}

impl NodeScans {
    /// Loads the info of a scan in the form in which layouts expect it. Returns `None` if there is no such scan.
    async fn load(&self, key: &NodeKey) -> Result<Option<Json>, SourceError> {
        let Some(identity) = self.store.identity(key).await? else {
            return Ok(None);
        };
        if !identity.node_type.is_scan() {
            return Err(NodeError::NotAScan { key: key.clone() }.into());
        }
        let info = self.store.info(key).await?;
        let dataset = DatasetMetadata::load(&self.store, key).await?;
        Ok(Some(scan_info(&info, &dataset)))
    }

    async fn memory_state(&self) -> Result<MemoryState, SourceError> {
        let memory = self.store.memory().await?;
        let cause = match memory.eviction_policy.as_str() {
            "noeviction" => ShortageCause::Refusal,
            "allkeys-lru" => ShortageCause::Eviction,
            _ => ShortageCause::Unforeseen,
        };
        Ok(MemoryState {
            used: memory.used,
            limit: memory.limit,
            eviction_policy: memory.eviction_policy,
            cause,
        })
    }
}

#[async_trait(?Send)]
impl SharedStore for NodeStore {
    fn scan_id(scan: &AnnouncedScan) -> ScanId {
        ScanId::new(scan.key.as_str())
    }

    async fn complete_history(&self, group: &str) -> Result<(), SourceError> {
        Ok(shared_scans::announce_existing(self, group).await?)
    }
}

#[async_trait(?Send)]
impl ScanStore for NodeScans {
    async fn join(&self, group: &str) -> Result<Box<dyn ScanFeed>, SourceError> {
        let (history, announcer) = shared_scans::join(&self.store, group).await?;
        let announcing = async move {
            // The feed, which asks the same server, fails for the same reason.
            if let Err(error) = announcer.run().await {
                error!(
                    "new scans are not searched any more: {}",
                    with_causes(&error)
                );
            }
        };
        let feed = GroupFeed::new(&self.store, group, history, announcing);
        Ok(Box::new(feed))
    }

    async fn summary(&self, scan: &ScanId) -> Result<ScanSummary, SourceError> {
        let key: NodeKey = scan.as_str().parse()?;
        if let Some(info) = self.load(&key).await? {
            return Ok(summary(&key, &info));
        }
        match self.spools.spooled(key.as_str()).await {
            Some(spooled) => Ok(spooled.summary),
            None => Err(NodeError::NotFound { key }.into()),
        }
    }

    async fn info(&self, scan: &ScanId) -> Result<Option<Json>, SourceError> {
        self.load(&scan.as_str().parse()?).await
    }

    async fn last_scans(&self, limit: usize) -> Result<Vec<ScanId>, SourceError> {
        group::last_scans(&self.store, limit).await
    }

    async fn headline(&self, scan: &ScanId) -> Result<Option<ScanHeadline>, SourceError> {
        let key: NodeKey = scan.as_str().parse()?;
        let info = self.load(&key).await?;
        Ok(info.map(|info| ScanHeadline::of_info(summary(&key, &info), &info)))
    }

    async fn claim_file(&self, file: &Path) -> Result<Box<dyn FileClaim>, ClaimError> {
        claimed_file::claim(&self.store, file).await
    }

    async fn discard_spool(&self, scan: &ScanId) {
        self.spools.discard(scan.as_str()).await;
    }

    async fn spooled_scans(&self) -> Vec<SpooledScan> {
        self.spools.abandoned().await
    }

    async fn open(&self, scan: &ScanId) -> Result<Box<dyn ScanSource>, SourceError> {
        let key = scan.as_str().parse()?;
        Ok(Box::new(
            NodeScan::open(&self.store, &key, &self.spools).await?,
        ))
    }

    fn spool(&self, scan: &ScanId) -> Option<Box<dyn ScanSpool>> {
        self.spools.recording(scan.as_str())
    }

    async fn ping(&self) -> Result<(), SourceError> {
        group::ping(&self.store).await
    }

    async fn living_writers(&self) -> Result<Vec<LivingWriter>, SourceError> {
        group::living_writers(&self.store).await
    }

    async fn server_state(&self) -> Result<ServerState, SourceError> {
        let memory = self.store.memory().await?;
        Ok(ServerState {
            is_initialised: self.store.holds_nodes().await?,
            used_memory: memory.used,
            max_memory: memory.limit,
            evicts: memory.evicts(),
        })
    }

    async fn forecast(&self) -> Result<MemoryForecast, SourceError> {
        let server = self.store.url();
        self.memory.forecast(server, || self.memory_state()).await
    }
}

/// Returns what identifies a scan. BLISS 1 marks scans that are not to be saved in the name of their node.
pub fn summary(key: &NodeKey, info: &Json) -> ScanSummary {
    let name = key.name();
    let command = name.trim_start_matches('_').split_once('_');
    let number = info.get("scan_nb").and_then(Json::as_u64);
    ScanSummary {
        id: ScanId::new(key.as_str()),
        name: name.to_owned(),
        number,
        command: command.map(|(_, command)| command.to_owned()),
        session: Some(key.session().to_owned()),
        path: info
            .get("filename")
            .and_then(Json::as_str)
            .map(PathBuf::from),
        start_time: info.get("start_time").and_then(parse_time),
    }
}
