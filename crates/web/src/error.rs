//! Why the service cannot be started.

use std::io;
use std::net::SocketAddr;

use observation::{Classified, ErrorKind, ErrorOrigin};

/// Why the service cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// The address that was asked for cannot be used.
    #[error("cannot listen at {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// Other computers could ask without a token.
    #[error(
        "cannot listen at {address} without a token file: other computers can reach this address"
    )]
    NoToken {
        /// The address.
        address: SocketAddr,
    },
    /// The system has no resources left.
    #[error("cannot start the thread for HTTP and systemd")]
    Thread(#[source] io::Error),
}

impl Classified for WebError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            WebError::Bind { .. } | WebError::NoToken { .. } => ErrorOrigin::User,
            WebError::Thread(_) => ErrorOrigin::Environment,
        }
    }
}
