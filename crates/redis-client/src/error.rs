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

    /// True when the same command may succeed later, without a change of the command: the server is loading
    /// its data set, busy in a script, about to be replaced, short of memory, disk, replicas or connections, or
    /// has stopped the wait of a blocking command.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.code(),
            "LOADING"
                | "BUSY"
                | "TRYAGAIN"
                | "MASTERDOWN"
                | "CLUSTERDOWN"
                | "OOM"
                | "MISCONF"
                | "READONLY"
                | "NOREPLICAS"
                | "UNBLOCKED"
        ) || self.begins_with(&["ERR max number of clients reached"])
    }

    /// True when the server wants other credentials than it got.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code(), "NOAUTH" | "WRONGPASS" | "NOPERM")
            || self.begins_with(&[
                "ERR AUTH ",
                "ERR invalid password",
                // Redis 5 and older.
                "ERR Client sent AUTH",
            ])
    }

    /// True when the server has no database of that number.
    fn is_wrong_database(&self) -> bool {
        self.begins_with(&[
            "ERR DB index is out of range",
            // Redis 3 and older.
            "ERR invalid DB index",
            "ERR SELECT is not allowed in cluster mode",
        ])
    }

    /// For errors that have no code of their own.
    fn begins_with(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.text.starts_with(text))
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
    /// The server was silent for too long: see [`Connection`](crate::Connection) for the limits.
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
    /// True when nothing but a change of the configuration helps: user, password or database are refused, or
    /// TLS cannot work because a certificate is refused or cannot be read. False for all that the environment
    /// may heal by itself, and for error replies to commands after the login.
    pub fn is_final(&self) -> bool {
        match self {
            RedisError::Refused { source, .. } => source.is_refusal() || source.is_wrong_database(),
            RedisError::Tls { source, .. } => source.is_final(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, CertificateError};

    use super::*;

    const SERVER: &str = "redis://host";

    fn refused(text: &str) -> RedisError {
        RedisError::Refused {
            server: SERVER.to_owned(),
            source: ServerError::new(text),
        }
    }

    fn tls(error: rustls::Error) -> RedisError {
        RedisError::Tls {
            server: SERVER.to_owned(),
            source: TlsError::Handshake(error),
        }
    }

    #[test]
    fn what_an_environment_heals_is_transient() {
        for text in [
            "LOADING Redis is loading the dataset in memory",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "MISCONF Redis is configured to save RDB snapshots, but",
            "READONLY You can't write against a read only replica.",
            "NOREPLICAS Not enough good replicas to write.",
            "UNBLOCKED client unblocked via CLIENT UNBLOCK",
            "ERR max number of clients reached",
        ] {
            assert!(ServerError::new(text).is_transient(), "{text}");
            let error = refused(text);
            assert!(error.is_transient() && !error.is_final(), "{text}");
        }
        for text in [
            "ERR unknown command 'FLY'",
            "WRONGTYPE Operation against",
            "",
        ] {
            assert!(!ServerError::new(text).is_transient(), "{text}");
            assert!(!refused(text).is_final(), "{text}");
        }
    }

    #[test]
    fn only_a_wrong_configuration_is_final() {
        for text in [
            "NOAUTH Authentication required.",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "NOPERM this user has no permissions to run the 'select' command",
            "ERR AUTH <password> called without any password configured",
            "ERR Client sent AUTH, but no password is set",
            "ERR invalid password",
            "ERR DB index is out of range",
        ] {
            let error = refused(text);
            assert!(error.is_final() && !error.is_transient(), "{text}");
            let command = "XREAD".to_owned();
            let source = ServerError::new(text);
            let server = SERVER.to_owned();
            let later = RedisError::Server {
                server,
                command,
                source,
            };
            assert!(!later.is_final(), "{text}");
        }
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        assert!(tls(expired).is_final());
        let unknown = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
        assert!(tls(unknown).is_final());
        let restarting = rustls::Error::AlertReceived(AlertDescription::InternalError);
        assert!(!tls(restarting).is_final());
        let closed = RedisError::Connect {
            server: SERVER.to_owned(),
            source: io::ErrorKind::ConnectionRefused.into(),
        };
        assert!(!closed.is_final());
    }
}
