//! Why a simulated scan was not published.

use bliss_node::NodeError;
use bliss_node::key::{KeyError, NodeKey};
use bliss_node::publish::PublishError as NodePublishError;
use blissdata::store::StoreError;
use redis_client::RedisError;

use crate::InitialiseError;
use crate::publish::PublishError;

/// Why a simulated scan was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// A scan of BLISS 2 was not published.
    #[error(transparent)]
    Blissdata(#[from] PublishError),
    /// A scan of BLISS 1.11 was not published.
    #[error(transparent)]
    Node(#[from] NodePublishError),
    /// The server is no data store of BLISS 2, and does not become one.
    #[error(transparent)]
    Initialise(#[from] InitialiseError),
    /// The data store of BLISS 2 cannot be asked, or not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The nodes of BLISS 1.11 cannot be looked for.
    #[error(transparent)]
    Nodes(#[from] NodeError),
    /// Redis cannot be asked.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// A data base holds something else than nodes: no scan is put beside it.
    #[error("{server} holds {keys} keys and no nodes of BLISS: nothing is published there")]
    NotNodes {
        /// The server, with its data base.
        server: String,
        /// Number of keys.
        keys: i64,
    },
    /// The session, the file and the number do not make the key of a node.
    #[error("the scan cannot have a node")]
    Key(#[from] KeyError),
    /// The node of a scan cannot have such data.
    #[error("node {node} cannot have such points: {problem}")]
    Points {
        /// The scan.
        node: NodeKey,
        /// What is wrong.
        problem: String,
    },
}
