//! What a reader knows from the spool alone, because the nodes are gone.

use super::refill::Refill;
use super::{Deletion, ReaderEvent, ScanReader, ScanState};
use crate::key::NodeKey;
use crate::spool::{SpooledNode, state};
use crate::store::NodeStore;

impl ScanReader {
    /// Opens a scan that Redis has lost. Returns `None` if the spool does not have it, either.
    pub(super) fn of_spool(store: &NodeStore, key: &NodeKey, refill: Refill) -> Option<ScanReader> {
        let (number, nodes) = refill.nodes()?;
        let scan = nodes.iter().find(|node| node.identity.key == *key)?;
        let (identity, info) = (scan.identity.clone(), scan.info.clone());
        let mut reader = ScanReader::new(store, identity, info).ok()?;
        let reached = state(number);
        reader.controls.is_prepared = reached >= ScanState::Prepared;
        match reached {
            ScanState::Ended => reader.controls.end = Some(None),
            _ => reader.deletion = Deletion::Draining,
        }
        for node in refill.nodes_at(key) {
            reader.add_spooled(node);
        }
        reader.refill = refill;
        Some(reader)
    }

    /// Returns the nodes of the scan that were recorded in its spool.
    pub fn spooled_nodes(&self) -> Vec<SpooledNode> {
        self.refill
            .nodes()
            .map_or_else(Vec::new, |(_, nodes)| nodes)
    }

    /// Adds the streams of a node that was announced and is gone: that of the node, and those below it.
    pub(super) fn announce_spooled(&mut self, key: &NodeKey) {
        let nodes = self.refill.nodes_at(key);
        if nodes.is_empty() {
            let key = key.clone();
            return self.ready.push(ReaderEvent::NodeGone { key });
        }
        for node in nodes {
            self.add_spooled(node);
        }
    }

    fn add_spooled(&mut self, node: SpooledNode) {
        let key = &node.identity.key;
        if self.streams.iter().any(|stream| stream.key == *key) {
            return;
        }
        let stream = self.add_stream(node.identity, node.info);
        if let Some(parameters) = node.parameters {
            self.note_images(stream, parameters);
        }
    }
}
