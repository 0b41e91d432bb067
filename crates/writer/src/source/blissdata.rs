//! BLISS 2: scans as the Python package `blissdata` publishes them.

mod error;
mod scan;
mod spool;
mod stream;
mod summary;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use blissdata::store::{DataStore, ScanKey, SharedHistory, StoreError};
use serde_json::Value as Json;

use super::group::{self, GroupFeed, SharedStore};
use super::memory_watch::{MemoryState, MemoryWatch, ShortageCause};
use super::spools::Spools;
use super::{
    ClaimError, FileClaim, LivingWriter, MemoryForecast, ScanFeed, ScanHeadline, ScanId,
    ScanSource, ScanSpool, ScanStore, ScanSummary, ServerState, SourceError, SpooledScan,
    claimed_file,
};
use crate::options::SpoolOptions;
use scan::PublishedScan;
use spool::SpoolingStore;

/// Returns the scans that a data store of BLISS 2 holds.
///
/// ```
/// use blissdata::store::DataStore;
/// use redis_client::RedisUrl;
/// use writer::source::blissdata::scan_store;
///
/// let url: RedisUrl = "redis://localhost:6380".parse().unwrap();
/// let scans = scan_store(&DataStore::new(&url));
/// ```
pub fn scan_store(store: &DataStore) -> Arc<dyn ScanStore> {
    create(store, Spools::ignored(SpoolingStore(store.clone())))
}

/// Returns the scans that a data store of BLISS 2 holds, to save them. Their unread points are spooled before Redis drops
/// them, and scans are left alone whose unread points are on another host.
pub fn spooling_scan_store(store: &DataStore, options: &SpoolOptions) -> Arc<dyn ScanStore> {
    let spooling = SpoolingStore(store.clone());
    create(store, Spools::new(spooling, options))
}

fn create(store: &DataStore, spools: Spools<SpoolingStore>) -> Arc<dyn ScanStore> {
    Arc::new(BlissdataStore {
        store: store.clone(),
        memory: MemoryWatch::default(),
        spools: Arc::new(spools),
    })
}

/// A data store as a [`ScanStore`].
#[derive(Debug)]
struct BlissdataStore {
    store: DataStore,
    memory: MemoryWatch,
    spools: Arc<Spools<SpoolingStore>>,
}

impl BlissdataStore {
    async fn memory_state(&self) -> Result<MemoryState, SourceError> {
        let state = self.store.server_state().await.map_err(StoreError::from)?;
        let cause = match (state.has_memory_tracker, state.eviction_policy.as_str()) {
            (true, _) => ShortageCause::MemoryTracker,
            (false, "noeviction") => ShortageCause::Refusal,
            (false, _) => ShortageCause::Unforeseen,
        };
        Ok(MemoryState {
            used: state.used_memory,
            limit: state.max_memory,
            eviction_policy: state.eviction_policy,
            cause,
        })
    }
}

#[async_trait(?Send)]
impl SharedStore for DataStore {
    fn scan_id(scan: &ScanKey) -> ScanId {
        ScanId::from(scan)
    }

    async fn complete_history(&self, _group: &str) -> Result<(), SourceError> {
        // BLISS adds each scan when it creates it.
        Ok(())
    }
}

#[async_trait(?Send)]
impl ScanStore for BlissdataStore {
    async fn join(&self, group: &str) -> Result<Box<dyn ScanFeed>, SourceError> {
        let history = SharedHistory::join(&self.store, group).await?;
        let feed = GroupFeed::new(&self.store, group, history, async {});
        Ok(Box::new(feed))
    }

    async fn summary(&self, scan: &ScanId) -> Result<ScanSummary, SourceError> {
        let key = key(scan)?;
        match summary::load(&self.store, &key).await {
            Err(error) if error.is_missing() => {
                let spooled = self.spools.spooled(key.pk()).await;
                spooled.map(|spooled| spooled.summary).ok_or(error)
            }
            summary => summary,
        }
    }

    async fn info(&self, scan: &ScanId) -> Result<Option<Json>, SourceError> {
        summary::info(&self.store, scan.as_str()).await
    }

    async fn last_scans(&self, limit: usize) -> Result<Vec<ScanId>, SourceError> {
        group::last_scans(&self.store, limit).await
    }

    async fn headline(&self, scan: &ScanId) -> Result<Option<ScanHeadline>, SourceError> {
        match summary::headline(&self.store, &key(scan)?).await {
            Err(error) if error.is_missing() => Ok(None),
            headline => headline.map(Some),
        }
    }

    async fn ping(&self) -> Result<(), SourceError> {
        group::ping(&self.store).await
    }

    async fn living_writers(&self) -> Result<Vec<LivingWriter>, SourceError> {
        group::living_writers(&self.store).await
    }

    async fn server_state(&self) -> Result<ServerState, SourceError> {
        let state = self.store.server_state().await.map_err(StoreError::from)?;
        Ok(ServerState {
            is_initialised: state.is_usable(),
            used_memory: state.used_memory,
            max_memory: state.max_memory,
            evicts: state.eviction_policy != "noeviction",
        })
    }

    async fn forecast(&self) -> Result<MemoryForecast, SourceError> {
        let server = self.store.url();
        self.memory.forecast(server, || self.memory_state()).await
    }

    async fn claim_file(&self, file: &Path) -> Result<Box<dyn FileClaim>, ClaimError> {
        claimed_file::claim(&self.store, file).await
    }

    async fn open(&self, scan: &ScanId) -> Result<Box<dyn ScanSource>, SourceError> {
        let key = key(scan)?;
        let scan = PublishedScan::open(&self.store, &key, &self.spools).await?;
        Ok(Box::new(scan))
    }

    fn spool(&self, scan: &ScanId) -> Option<Box<dyn ScanSpool>> {
        self.spools.recording(key(scan).ok()?.pk())
    }

    async fn discard_spool(&self, scan: &ScanId) {
        if let Ok(key) = key(scan) {
            self.spools.discard(key.pk()).await;
        }
    }

    async fn spooled_scans(&self) -> Vec<SpooledScan> {
        self.spools.abandoned().await
    }
}

impl From<&ScanKey> for ScanId {
    fn from(key: &ScanKey) -> ScanId {
        ScanId::new(key.as_str())
    }
}

/// Returns the key of a scan in Redis.
fn key(scan: &ScanId) -> Result<ScanKey, SourceError> {
    Ok(ScanKey::new(scan.as_str())?)
}
