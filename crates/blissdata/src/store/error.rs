//! Why a data store cannot be used.

use redis_client::RedisError;

/// Why a data store cannot be used, or not yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Redis does not answer, or not as expected.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// There is a Redis server, but nobody has made it a data store (yet, or since it lost its
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
    /// A database that holds something is not initialised over it.
    #[error("{server} is not empty ({keys} keys): it is not initialised")]
    NotEmpty {
        /// The server.
        server: String,
        /// Number of keys.
        keys: i64,
    },
    /// The server lacks what blissdata programs rely on.
    #[error("{server} has no redis module {module:?}, blissdata needs it")]
    NoModule {
        /// The server.
        server: String,
        /// Name of the module, as in `MODULE LIST`.
        module: &'static str,
    },
}

impl StoreError {
    /// True when it makes sense to try again later.
    pub fn is_transient(&self) -> bool {
        match self {
            StoreError::Redis(error) => error.is_transient(),
            StoreError::NotInitialised { .. } => true,
            _ => false,
        }
    }
}
