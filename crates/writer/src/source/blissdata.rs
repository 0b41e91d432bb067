//! BLISS 2: scans as the Python package `blissdata` publishes them.

mod claim;
mod error;
mod feed;
mod memory;
mod scan;
mod stream;
mod summary;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use blissdata::store::{DataStore, ScanKey, SharedHistory, StoreError};
use serde_json::Value as Json;

use super::{
    ClaimError, FileClaim, MemoryForecast, ScanFeed, ScanId, ScanSource, ScanStore, ScanSummary,
    ServerState, SourceError,
};
use feed::HistoryFeed;
use memory::MemoryWatch;
use scan::PublishedScan;

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
    Arc::new(BlissdataStore {
        store: store.clone(),
        memory: MemoryWatch::default(),
    })
}

/// A data store as a [`ScanStore`].
#[derive(Debug)]
struct BlissdataStore {
    store: DataStore,
    memory: MemoryWatch,
}

#[async_trait(?Send)]
impl ScanStore for BlissdataStore {
    async fn join(&self, group: &str) -> Result<Box<dyn ScanFeed>, SourceError> {
        let history = SharedHistory::join(&self.store, group).await?;
        Ok(Box::new(HistoryFeed::new(history)))
    }

    async fn summary(&self, scan: &ScanId) -> Result<ScanSummary, SourceError> {
        summary::load(&self.store, &key(scan)?).await
    }

    async fn info(&self, scan: &ScanId) -> Result<Option<Json>, SourceError> {
        summary::info(&self.store, scan.as_str()).await
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
        let forecast = self.memory.forecast(&self.store).await;
        Ok(forecast.map_err(StoreError::from)?)
    }

    async fn claim_file(&self, file: &Path) -> Result<Box<dyn FileClaim>, ClaimError> {
        claim::claim(&self.store, file).await
    }

    async fn open(&self, scan: &ScanId) -> Result<Box<dyn ScanSource>, SourceError> {
        let scan = PublishedScan::open(&self.store, &key(scan)?).await?;
        Ok(Box::new(scan))
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
