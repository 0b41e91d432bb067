//! Metadata of the dataset to which a scan belongs.

use bliss_node::NodeError;
use bliss_node::key::NodeKey;
use bliss_node::node::NodeInfo;
use bliss_node::spool::SpooledNode;
use bliss_node::store::NodeStore;
use serde_json::{Map, Value as Json};

/// Metadata of the dataset of a scan, as the data policy of the ESRF has it.
///
/// They are in the infos of the nodes above the scan: of the dataset, of its collection and of its proposal. A dataset
/// inherits what it does not have itself. BLISS copies it into the dataset's own node only when the dataset is closed, which
/// is later than the end of its scans.
#[derive(Debug, Clone, Default)]
pub struct DatasetMetadata(Map<String, Json>);

impl DatasetMetadata {
    /// Loads the metadata of the dataset to which a scan belongs. There are none without a data policy.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn load(store: &NodeStore, scan: &NodeKey) -> Result<DatasetMetadata, NodeError> {
        let mut metadata = DatasetMetadata::default();
        for node in scan.ancestors() {
            metadata.inherit(&store.info(&node).await?);
        }
        Ok(metadata)
    }

    /// Returns the metadata of the dataset of a scan whose nodes were recorded in a spool.
    pub fn recorded(nodes: &[SpooledNode], scan: &NodeKey) -> DatasetMetadata {
        let mut metadata = DatasetMetadata::default();
        for ancestor in scan.ancestors() {
            let found = nodes.iter().find(|node| node.identity.key == ancestor);
            if let Some(node) = found {
                metadata.inherit(&node.info);
            }
        }
        metadata
    }

    /// Adds the values of a node that is farther from the scan than those before.
    fn inherit(&mut self, info: &NodeInfo) {
        let Json::Object(info) = info.to_json() else {
            return;
        };
        for (name, value) in info {
            if !is_internal(&name) {
                // What is nearer to the scan comes first.
                self.0.entry(name).or_insert(value);
            }
        }
    }

    /// Returns the values by their names. They may be none.
    pub fn values(&self) -> &Map<String, Json> {
        &self.0
    }
}

/// Returns `true` for names that the data policy uses itself.
fn is_internal(name: &str) -> bool {
    name.starts_with("__") || name == "node_name"
}
