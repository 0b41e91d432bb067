//! Why a data store cannot be used.

use redis_client::RedisError;

/// Why a data store cannot be used, or not yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Redis does not answer, or not as expected.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// There is a Redis server, but it was not made a data store (yet, or since it lost its
    /// data in a restart).
    #[error("the redis server {server} is not initialised for blissdata")]
    NotInitialised {
        /// The server.
        server: String,
    },
    /// The data store speaks another version of the protocol.
    #[error("the data store {server} has protocol version {found:?}, only version 1 is supported")]
    ProtocolVersion {
        /// The server.
        server: String,
        /// What it says.
        found: String,
    },
}

impl StoreError {
    /// Returns `true` if waiting does not help: the credentials, the URL or the version of the protocol are
    /// wrong. Whatever else a server refuses, it may accept later.
    pub fn is_final(&self) -> bool {
        match self {
            StoreError::Redis(error) => error.is_final(),
            StoreError::NotInitialised { .. } => false,
            StoreError::ProtocolVersion { .. } => true,
        }
    }
}
