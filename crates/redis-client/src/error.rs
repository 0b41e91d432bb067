//! What can go wrong between us and a Redis server.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::tls::TlsError;

/// An error reply of the server, e.g. `WRONGTYPE Operation against a key ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    text: String,
}

impl ServerError {
    /// The error whose reply line (without the leading `-`) is `text`.
    pub fn new(text: impl Into<String>) -> ServerError {
        ServerError { text: text.into() }
    }

    /// The whole text of the reply, code included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The upper case word in front, e.g. `WRONGTYPE`; empty when the text does not begin with
    /// one (the JSON module answers `Existing key has wrong Redis type`).
    pub fn code(&self) -> &str {
        let word = self.text.split(' ').next().unwrap_or_default();
        if word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
            word
        } else {
            ""
        }
    }

    /// True when the same command may succeed in a moment: the server is loading its data set,
    /// busy in a script, or about to be replaced.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.code(),
            "LOADING" | "BUSY" | "TRYAGAIN" | "MASTERDOWN" | "CLUSTERDOWN"
        )
    }

    /// True when the server wants other credentials than it got.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code(), "NOAUTH" | "WRONGPASS" | "NOPERM")
            || self.text.starts_with("ERR AUTH ")
            || self.text.starts_with("ERR invalid password")
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ServerError {}

/// Failure of a Redis command or of the connection that carries it.
///
/// `server` is always the URL without its password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// No connection could be made.
    #[error("cannot connect to {server}")]
    Connect {
        /// Where to.
        server: String,
        /// Why not.
        source: io::Error,
    },
    /// The TLS layer could not be set up; trying again does not help.
    #[error("cannot set up TLS for {server}")]
    Tls {
        /// Where to.
        server: String,
        /// Why not.
        source: TlsError,
    },
    /// The server does not let us in: user, password or database number are not what it wants.
    #[error("{server} refuses the connection")]
    Refused {
        /// Where to.
        server: String,
        /// The answer of the server.
        source: ServerError,
    },
    /// The connection broke while in use.
    #[error("connection to {server} lost")]
    Lost {
        /// Where to.
        server: String,
        /// Why.
        source: io::Error,
    },
    /// The server was silent for too long.
    #[error("{server} does not answer (waited {waited:?})")]
    Timeout {
        /// Where to.
        server: String,
        /// How long nothing was heard.
        waited: Duration,
    },
    /// What arrived is not RESP2.
    #[error("unintelligible answer from {server}: {reason}")]
    Protocol {
        /// Where from.
        server: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server answered, but not in the form that the command calls for.
    #[error("unexpected answer from {server} to {command}: {reason}")]
    Unexpected {
        /// Where from.
        server: String,
        /// Name of the command.
        command: String,
        /// What was expected.
        reason: String,
    },
    /// An earlier call on this connection was dropped half way: whose reply comes next is
    /// unknown, a new connection is needed.
    #[error("connection to {server} cannot be used any more: an earlier call was abandoned")]
    Poisoned {
        /// Where to.
        server: String,
    },
    /// The server answered with an error.
    #[error("{server} answers to {command}")]
    Server {
        /// Where from.
        server: String,
        /// Name of the command.
        command: String,
        /// The answer of the server.
        source: ServerError,
    },
}

impl RedisError {
    /// The error reply, when the server gave one.
    pub fn server_error(&self) -> Option<&ServerError> {
        match self {
            RedisError::Refused { source, .. } | RedisError::Server { source, .. } => Some(source),
            _ => None,
        }
    }

    /// True when the connection must be replaced before anything else can be asked.
    pub fn needs_reconnect(&self) -> bool {
        !matches!(
            self,
            RedisError::Server { .. } | RedisError::Unexpected { .. }
        )
    }

    /// Returns `true` if waiting does not help: the server refuses the user, the password or the database, or
    /// TLS cannot be set up.
    pub fn is_final(&self) -> bool {
        match self {
            RedisError::Tls { .. } => true,
            RedisError::Refused { source, .. } => source.is_refusal(),
            _ => false,
        }
    }

    /// True when it makes sense to try again later, on a new connection or on the same.
    /// False for wrong credentials, a TLS set-up that cannot work, and real error replies.
    pub fn is_transient(&self) -> bool {
        match self {
            RedisError::Connect { .. }
            | RedisError::Lost { .. }
            | RedisError::Timeout { .. }
            | RedisError::Poisoned { .. }
            | RedisError::Protocol { .. } => true,
            RedisError::Refused { source, .. } | RedisError::Server { source, .. } => {
                source.is_transient()
            }
            RedisError::Tls { .. } | RedisError::Unexpected { .. } => false,
        }
    }
}
