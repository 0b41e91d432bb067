//! What the scans of a server of nodes have in their spools.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bliss_node::key::NodeKey;
use bliss_node::spool::{self as recording, Recorder, SpooledNodes, Unread, is_of_scan};
use bliss_node::store::NodeStore;
use observation::with_causes;
use spool::ScanSpool;
use tracing::{debug, warn};

use super::dataset::DatasetMetadata;
use super::info::scan_info;
use super::store::summary;
use crate::source::spools::SpoolingModel;
use crate::source::{SourceError, SpooledScan, UnreadStream};

/// A server of nodes whose scans may be spooled.
#[derive(Debug)]
pub struct SpoolingNodes(pub NodeStore);

/// The streams of a scan, for its recorder: the writer knows them by names that Redis does not have.
#[derive(Debug, Default)]
pub struct RecordedStreams(Mutex<Streams>);

#[derive(Debug, Default)]
struct Streams {
    /// In the order of their announcement.
    nodes: Vec<NodeKey>,
    places: HashMap<String, usize>,
}

impl RecordedStreams {
    /// Sets the streams: their names and nodes, in the order of their announcement. Streams that were known stay known: a
    /// source that was opened again announces them one after the other.
    pub fn set<'a>(&self, streams: impl ExactSizeIterator<Item = (&'a str, &'a NodeKey)>) {
        let mut known = self.streams();
        if streams.len() < known.nodes.len() {
            return;
        }
        *known = Streams::default();
        for (place, (name, node)) in streams.enumerate() {
            known.nodes.push(node.clone());
            known.places.insert(name.to_owned(), place);
        }
    }

    /// Returns what the recorder is to record.
    fn unread(&self, streams: Vec<UnreadStream>) -> Unread {
        let known = self.streams();
        let stream = |stream: UnreadStream| {
            let node = known.nodes.get(*known.places.get(&stream.name)?)?;
            Some(recording::UnreadStream {
                node: node.clone(),
                from: stream.from,
                is_points: stream.is_points,
            })
        };
        Unread {
            streams: streams.into_iter().filter_map(stream).collect(),
            nodes: known.nodes.clone(),
        }
    }

    /// No code runs under the lock that could leave the streams half changed.
    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait(?Send)]
impl SpoolingModel for SpoolingNodes {
    type Notes = RecordedStreams;

    fn server(&self) -> String {
        self.0.url().to_string()
    }

    fn describe(&self, spooled: &spool::SpooledScan) -> Option<SpooledScan> {
        // Every recorder has written the key of the scan, and each data model has other ones.
        let key = spooled.about.get("scan")?.as_str()?;
        let key: NodeKey = (key == spooled.scan).then(|| key.parse().ok())??;
        let nodes = SpooledNodes::decode(&spooled.document)?;
        let scan = nodes.iter().find(|node| node.identity.key == key)?;
        let info = scan_info(&scan.info, &DatasetMetadata::recorded(&nodes, &key));
        Some(SpooledScan {
            summary: summary(&key, &info),
            info,
        })
    }

    async fn has(&self, scan: &str) -> bool {
        let Ok(key) = scan.parse() else {
            return false;
        };
        matches!(self.0.identity(&key).await, Ok(Some(_)))
    }

    async fn record(
        &self,
        spool: &Arc<ScanSpool>,
        notes: Arc<RecordedStreams>,
        unread: Box<dyn Fn() -> Vec<UnreadStream>>,
    ) {
        match Recorder::new(&self.0, spool) {
            Ok(recorder) => recorder.run(|| notes.unread(unread())).await,
            Err(error) => warn!("unread points are not spooled: {}", with_causes(&error)),
        }
    }

    async fn unmark(&self, scan: &str) {
        let Ok(key) = scan.parse() else {
            return;
        };
        if let Err(error) = self.0.unmark_spooled(&key).await {
            debug!("the mark of the scan runs out: {}", with_causes(&error));
        }
    }
}

/// Removes a spool whose scan is gone for ever: another scan has its key.
pub async fn remove_foreign(
    store: &NodeStore,
    key: &NodeKey,
    spool: &Arc<ScanSpool>,
) -> Result<(), SourceError> {
    if !spool.exists() || is_of_scan(spool, &store.info(key).await?) {
        return Ok(());
    }
    warn!(scan = %key, "another scan has the same key: the spool of the scan before it is removed");
    let spool = spool.clone();
    let removed = tokio::task::spawn_blocking(move || spool.remove()).await;
    if let Ok(Err(error)) = removed {
        warn!(scan = %key, "{}", with_causes(&error));
    }
    Ok(())
}
