//! Where a Redis server is, and how to log in.
//!
//! A [`RedisUrl`] is one of
//!
//! ```text
//! redis://[user[:password]@]host[:port][/database]
//! rediss://[user[:password]@]host[:port][/database]      TLS
//! unix://[user[:password]@]/path/to.sock[?db=database]
//! ```
//!
//! User, password and path may be percent-encoded. The options are those of redis-py, which
//! every other BLISS program uses: `db`, `username`, `password`, and for TLS `ssl_ca_certs`
//! (a PEM file instead of the certificates that the system trusts) and `ssl_cert_reqs=none` (do
//! not check who answers). The password is never shown: not by `Display`, not by `Debug`, and
//! not by errors.
//!
//! [`RedisUrl::discover`] finds the data store as BLISS programs do.

mod discover;
mod parse;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use discover::DiscoverError;
pub use parse::UrlError;

/// Address of a Redis server, with the credentials to log in.
///
/// ```
/// let url: redis_client::RedisUrl = "redis://writer:s%40fe@bl00:6380".parse()?;
/// assert_eq!(url.password(), Some("s@fe"));
/// assert_eq!(url.to_string(), "redis://writer:***@bl00:6380");
/// # Ok::<(), redis_client::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    endpoint: Endpoint,
    username: Option<String>,
    password: Option<String>,
    database: u32,
}

/// The socket behind a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// TCP.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// TLS over TCP.
    Tls {
        /// Name or address, as the certificate has it.
        host: String,
        /// Port.
        port: u16,
        /// Whom to believe.
        trust: Trust,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

/// Which certificates make a TLS server trustworthy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trust {
    /// Those that the system trusts, or the files in `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    System,
    /// Those in a PEM file.
    File(PathBuf),
    /// Any.
    Anyone,
}

impl RedisUrl {
    /// The server on a TCP port, without credentials.
    pub fn tcp(host: impl Into<String>, port: u16) -> RedisUrl {
        RedisUrl::new(Endpoint::Tcp {
            host: host.into(),
            port,
        })
    }

    /// The server behind a Unix socket, without credentials.
    pub fn unix(path: impl Into<PathBuf>) -> RedisUrl {
        RedisUrl::new(Endpoint::Unix(path.into()))
    }

    /// Returns the URL of this server with other credentials.
    #[must_use]
    pub fn with_credentials(mut self, username: Option<&str>, password: Option<&str>) -> RedisUrl {
        self.username = username.map(str::to_owned);
        self.password = password.map(str::to_owned);
        self
    }

    /// Returns the URL of another logical database of this server. blissdata only uses number 0.
    #[must_use]
    pub fn with_database(mut self, database: u32) -> RedisUrl {
        self.database = database;
        self
    }

    /// The socket.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The user to log in as; None is the user called `default`.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The password. Do not print it.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The logical database.
    pub fn database(&self) -> u32 {
        self.database
    }

    /// The complete URL with the password in clear text, to hand on to another program through
    /// its environment or standard input. Never for logs, files or command lines.
    pub fn with_secrets(&self) -> String {
        self.compose(parse::encode)
    }

    fn new(endpoint: Endpoint) -> RedisUrl {
        RedisUrl {
            endpoint,
            username: None,
            password: None,
            database: 0,
        }
    }

    fn compose(&self, show: impl Fn(&str) -> String) -> String {
        let user = self
            .username
            .as_deref()
            .map(parse::encode)
            .unwrap_or_default();
        let login = match &self.password {
            Some(password) => format!("{user}:{}@", show(password)),
            None if user.is_empty() => String::new(),
            None => format!("{user}@"),
        };
        let bracketed = |host: &str| {
            let encoded = parse::encode_host(host);
            if host.contains(':') {
                format!("[{encoded}]")
            } else {
                encoded
            }
        };
        let path = if self.database == 0 {
            String::new()
        } else {
            format!("/{}", self.database)
        };
        match &self.endpoint {
            Endpoint::Tcp { host, port } => {
                format!("redis://{login}{}:{port}{path}", bracketed(host))
            }
            Endpoint::Tls { host, port, trust } => {
                let option = match trust {
                    Trust::System => String::new(),
                    Trust::File(file) => format!("?ssl_ca_certs={}", encoded_path(file)),
                    Trust::Anyone => "?ssl_cert_reqs=none".to_owned(),
                };
                format!("rediss://{login}{}:{port}{path}{option}", bracketed(host))
            }
            Endpoint::Unix(file) => {
                let option = match self.database {
                    0 => String::new(),
                    database => format!("?db={database}"),
                };
                format!("unix://{login}{}{option}", encoded_path(file))
            }
        }
    }
}

fn encoded_path(path: &Path) -> String {
    parse::encode_path(path)
}

impl FromStr for RedisUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<RedisUrl, UrlError> {
        parse::parse(text)
    }
}

/// The URL with `***` for the password.
impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.compose(|_| "***".to_owned()))
    }
}

/// As `Display`.
impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}
