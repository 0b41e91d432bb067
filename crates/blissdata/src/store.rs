//! The data store: a Redis server that holds scans.
//!
//! A [`DataStore`] is a handle that is cheap to clone. Short questions go over one shared
//! connection, which is made again when it breaks; a reader that blocks on a stream
//! [opens](DataStore::open) a connection of its own. [`DataStore::wait_ready`] waits until the
//! store speaks a protocol that we know. [`History`] lists the scans that were started, each by its
//! [`ScanKey`].

mod coordination;
mod error;
mod key;
mod listing;
mod server_state;
mod spool_mark;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::coordination::ReleaseQueue;
use bytes::Bytes;
use observation::{Observation, with_causes};
use redis_client::{
    Backoff, Command, Connection, RedisError, RedisUrl, ServerError, SharedConnection, Value,
};

pub(crate) use ::coordination::host_name;
pub use ::coordination::{FileLease, Timetag};
pub use error::StoreError;
pub use key::{KeyError, ScanKey};
pub use server_state::ServerState;
pub(crate) use spool_mark::{other_host, spool_mark};

/// Lists the scans of a data store that were created, in their order.
pub type History = ::coordination::History<DataStore>;
/// Hands out the scans of a data store, each to one member of a group of writers.
pub type SharedHistory = ::coordination::SharedHistory<DataStore>;
/// Notes which scans of a member are done, and its end.
pub type GroupMembership = ::coordination::GroupMembership<DataStore>;
/// A scan that was handed out.
pub type AssignedScan = ::coordination::AssignedScan<ScanKey>;
/// The claim of a file.
pub type FileClaim = ::coordination::FileClaim<DataStore>;
/// Why a file was not claimed.
pub type ClaimError = ::coordination::ClaimError<StoreError>;

/// The key that says the version of the protocol.
pub const PROTOCOL_VERSION_KEY: &str = "_PROTOCOL_VERSION_";
/// The version of the protocol that this crate speaks.
pub const PROTOCOL_VERSION: i64 = 1;

/// A Redis server that holds scans, or will once it is initialised.
#[derive(Clone)]
pub struct DataStore {
    shared: Arc<Shared>,
}

struct Shared {
    connection: SharedConnection,
    /// Claims of files that are to be released.
    release_queue: ReleaseQueue,
    /// Set when the store was found not to be initialised.
    was_empty: AtomicBool,
}

impl DataStore {
    /// The store at `url`. Nothing is connected yet.
    pub fn new(url: &RedisUrl) -> DataStore {
        DataStore::reporting(url, None)
    }

    /// Creates a handle of the store at `url`, whose connections report what they do to `observation`.
    /// Nothing is connected yet.
    pub fn observed(url: &RedisUrl, observation: &Arc<Observation>) -> DataStore {
        DataStore::reporting(url, Some(observation))
    }

    fn reporting(url: &RedisUrl, observation: Option<&Arc<Observation>>) -> DataStore {
        DataStore {
            shared: Arc::new(Shared {
                connection: SharedConnection::new(url, observation),
                release_queue: ReleaseQueue::default(),
                was_empty: AtomicBool::new(false),
            }),
        }
    }

    /// The store at `url`, after one attempt to connect. Whether it is initialised is not looked
    /// at: see [`check`](Self::check) and [`wait_ready`](Self::wait_ready).
    pub async fn connect(url: &RedisUrl) -> Result<DataStore, RedisError> {
        let store = DataStore::new(url);
        store.shared.connection.connect().await?;
        Ok(store)
    }

    /// Where the store is.
    pub fn url(&self) -> &RedisUrl {
        self.shared.connection.url()
    }

    /// A new connection to the store, for one user: to block on streams, or to send data.
    pub async fn open(&self) -> Result<Connection, RedisError> {
        self.shared.connection.open().await
    }

    /// Looks once whether the store can be used.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`], [`StoreError::ProtocolVersion`], or what prevents us from
    /// asking.
    pub async fn check(&self) -> Result<(), StoreError> {
        let found = self.call_once(&version_command()).await;
        let outcome = found
            .map_err(StoreError::from)
            .and_then(|found| check_version(&self.url().to_string(), found));
        if let Err(error) = &outcome {
            self.shared.connection.disconnect().await;
            if matches!(error, StoreError::NotInitialised { .. }) {
                self.shared.was_empty.store(true, Ordering::Relaxed);
            }
        }
        outcome
    }

    /// Returns `true` if the store was not initialised when it was last asked for that before it could be used:
    /// all scans in it were created since.
    pub(crate) fn was_empty(&self) -> bool {
        self.shared.was_empty.load(Ordering::Relaxed)
    }

    /// Waits until the store can be used: until there is a server, until it has loaded its data,
    /// until someone has initialised it. Says so in the log, once per reason.
    ///
    /// # Errors
    /// What waiting does not mend: another protocol version, wrong credentials, TLS.
    pub async fn wait_ready(&self) -> Result<(), StoreError> {
        let mut backoff = Backoff::new();
        let mut reported = String::new();
        loop {
            match self.check().await {
                Ok(()) => {
                    if !reported.is_empty() {
                        tracing::info!(server = %self.url(), "the data store is ready");
                    }
                    return Ok(());
                }
                Err(error) if !error.is_final() => {
                    let reason = with_causes(&error);
                    if reason != reported {
                        tracing::warn!("waiting for the data store: {reason}");
                        reported = reason;
                    }
                    backoff.wait().await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks on the shared connection.
    ///
    /// When the connection breaks, or the server is loading or busy, the command is sent again,
    /// for up to 15 s: it must be one that may be repeated, such as any that only reads.
    pub async fn call(&self, command: &Command) -> Result<Value, RedisError> {
        self.shared.connection.call(command).await
    }

    /// As [`call`](Self::call), the reply undecoded.
    pub async fn call_raw(&self, command: &Command) -> Result<Bytes, RedisError> {
        self.shared.connection.call_raw(command).await
    }

    /// Asks once on the shared connection, without repeating the command if the server cannot answer it.
    ///
    /// # Errors
    /// If the server cannot be asked, or answers with an error.
    pub async fn call_once(&self, command: &Command) -> Result<Value, RedisError> {
        self.shared.connection.call_once(command).await
    }

    /// Several questions at once, repeated together as for [`call`](Self::call).
    pub async fn pipeline(
        &self,
        commands: &[Command],
    ) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
        self.shared.connection.pipeline(commands).await
    }
}

impl fmt::Debug for DataStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataStore({})", self.shared.connection.url())
    }
}

fn version_command() -> Command {
    Command::new("GET").arg(PROTOCOL_VERSION_KEY)
}

/// Returns an error unless the version that a server has tells that it is a data store that we understand.
fn check_version(server: &str, found: Value) -> Result<(), StoreError> {
    let server = server.to_owned();
    match found {
        Value::Nil => Err(StoreError::NotInitialised { server }),
        found if found.as_int() == Some(PROTOCOL_VERSION) => Ok(()),
        found => {
            let found = found
                .as_bytes()
                .map(|text| String::from_utf8_lossy(text).into_owned());
            Err(StoreError::ProtocolVersion {
                server,
                found: found.unwrap_or_default(),
            })
        }
    }
}
