//! What can go wrong between us and the nodes of a server.

use coordination::StoreFailure;
use redis_client::{EntryReplyError, RedisError};

use crate::key::NodeKey;

/// Why a node, or the server that holds it, cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The server cannot be asked about the nodes that it holds.
    #[error("cannot search for nodes")]
    Search {
        /// Why not.
        source: Box<RedisError>,
    },
    /// The server does not answer, or not as expected.
    #[error(transparent)]
    Server(Box<RedisError>),
    /// The server holds no nodes (yet, or since it lost its data), so that nothing is written to it.
    #[error("the redis server {server} holds no nodes of BLISS")]
    NoNodes {
        /// The server.
        server: String,
    },
    /// The server cannot be asked about a node.
    #[error("cannot read node {key}")]
    Redis {
        /// The node.
        key: NodeKey,
        /// Why not.
        source: Box<RedisError>,
    },
    /// The server's answer about the streams of a node is not of the form that Redis documents.
    #[error("cannot read the streams of node {key}")]
    Reply {
        /// The node.
        key: NodeKey,
        /// What is wrong.
        source: EntryReplyError,
    },
    /// There is no such node, or no longer.
    #[error("there is no node {key}")]
    NotFound {
        /// The key.
        key: NodeKey,
    },
    /// The node is not a scan.
    #[error("node {key} is not a scan")]
    NotAScan {
        /// The node.
        key: NodeKey,
    },
    /// The node has a version of the data model that we do not know.
    #[error("node {key} has version {found} of the data model, only version 1 is supported")]
    Version {
        /// The node.
        key: NodeKey,
        /// Its version.
        found: String,
    },
    /// The scan has no stream of that number.
    #[error("scan {key} has no stream {stream}")]
    UnknownStream {
        /// The scan.
        key: NodeKey,
        /// The number.
        stream: usize,
    },
    /// The stream is followed already.
    #[error("stream {stream} is followed already")]
    AlreadyFollowed {
        /// Node of the stream.
        stream: NodeKey,
    },
}

impl NodeError {
    pub(crate) fn redis(key: &NodeKey, source: RedisError) -> NodeError {
        NodeError::Redis {
            key: key.clone(),
            source: Box::new(source),
        }
    }

    pub(crate) fn search(source: RedisError) -> NodeError {
        NodeError::Search {
            source: Box::new(source),
        }
    }

    /// Returns `true` if there is no such node, or no longer.
    pub fn is_missing(&self) -> bool {
        matches!(self, NodeError::NotFound { .. })
    }

    /// Returns `true` if waiting does not help.
    pub fn is_final(&self) -> bool {
        match self {
            NodeError::Search { source }
            | NodeError::Redis { source, .. }
            | NodeError::Server(source) => source.is_final(),
            NodeError::NoNodes { .. } => false,
            _ => true,
        }
    }
}

impl From<RedisError> for NodeError {
    fn from(error: RedisError) -> NodeError {
        NodeError::Server(Box::new(error))
    }
}

impl StoreFailure for NodeError {
    fn is_final(&self) -> bool {
        NodeError::is_final(self)
    }

    fn is_usual(&self) -> bool {
        matches!(self, NodeError::NoNodes { .. })
    }

    fn redis(&self) -> Option<&RedisError> {
        match self {
            NodeError::Search { source }
            | NodeError::Redis { source, .. }
            | NodeError::Server(source) => Some(source),
            _ => None,
        }
    }
}
