//! The data store: a Redis server that holds scans.
//!
//! A [`DataStore`] is a handle that is cheap to clone. Short questions go over one shared
//! connection, which is made again when it breaks; a reader that blocks on a stream
//! [opens](DataStore::open) a connection of its own. [`DataStore::wait_ready`] waits until the
//! store speaks a protocol that we know. [`History`] lists the scans that were started, each by its
//! [`ScanKey`].

mod error;
mod file_claim;
mod guarded_write;
mod history;
mod history_connection;
mod key;
mod listing;
mod server_state;
mod shared;
mod spool_mark;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use observation::{Observation, with_causes};
use redis_client::{Backoff, Command, Connection, RedisError, RedisUrl, ServerError, Value};
use tokio::sync::Mutex;

use file_claim::ReleaseQueue;

pub use error::StoreError;
pub use file_claim::{ClaimError, FileClaim, FileLease};
pub use history::History;
pub use key::{KeyError, ScanKey, Timetag};
pub use server_state::ServerState;
pub(crate) use shared::host_name;
pub use shared::{AssignedScan, GroupMembership, SharedHistory};
pub(crate) use spool_mark::{other_host, spool_mark};

/// The key that says the version of the protocol.
pub const PROTOCOL_VERSION_KEY: &str = "_PROTOCOL_VERSION_";
/// The version of the protocol that this crate speaks.
pub const PROTOCOL_VERSION: i64 = 1;
/// How long a question is repeated while the server cannot be reached.
const RETRY_TIME: Duration = Duration::from_secs(15);

/// A Redis server that holds scans, or will once it is initialised.
#[derive(Clone)]
pub struct DataStore {
    shared: Arc<Shared>,
}

struct Shared {
    url: RedisUrl,
    /// Where connections report what they do.
    observation: Option<Arc<Observation>>,
    shared_connection: Mutex<Option<Connection>>,
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
        DataStore::reporting(url, Some(observation.clone()))
    }

    fn reporting(url: &RedisUrl, observation: Option<Arc<Observation>>) -> DataStore {
        DataStore {
            shared: Arc::new(Shared {
                url: url.clone(),
                observation,
                shared_connection: Mutex::new(None),
                release_queue: ReleaseQueue::default(),
                was_empty: AtomicBool::new(false),
            }),
        }
    }

    /// The store at `url`, after one attempt to connect. Whether it is initialised is not looked
    /// at: see [`check`](Self::check) and [`wait_ready`](Self::wait_ready).
    pub async fn connect(url: &RedisUrl) -> Result<DataStore, RedisError> {
        let store = DataStore::new(url);
        *store.shared.shared_connection.lock().await = Some(store.open().await?);
        Ok(store)
    }

    /// Where the store is.
    pub fn url(&self) -> &RedisUrl {
        &self.shared.url
    }

    /// A new connection to the store, for one user: to block on streams, or to send data.
    pub async fn open(&self) -> Result<Connection, RedisError> {
        match &self.shared.observation {
            Some(observation) => Connection::open_observed(&self.shared.url, observation).await,
            None => Connection::open(&self.shared.url).await,
        }
    }

    /// Looks once whether the store can be used.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`], [`StoreError::ProtocolVersion`], or what prevents us from
    /// asking.
    pub async fn check(&self) -> Result<(), StoreError> {
        let mut shared_connection = self.shared.shared_connection.lock().await;
        let outcome = async {
            let connection = self.connected(&mut shared_connection).await?;
            check_version(connection).await
        }
        .await;
        if let Err(error) = &outcome {
            *shared_connection = None;
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
        self.retry(async |connection| connection.call(command).await)
            .await
    }

    /// As [`call`](Self::call), the reply undecoded.
    pub async fn call_raw(&self, command: &Command) -> Result<Bytes, RedisError> {
        self.retry(async |connection| connection.call_raw(command).await)
            .await
    }

    /// Asks once on the shared connection, without repeating the command if the server cannot answer it.
    ///
    /// # Errors
    /// If the server cannot be asked, or answers with an error.
    pub async fn call_once(&self, command: &Command) -> Result<Value, RedisError> {
        let mut shared_connection = self.shared.shared_connection.lock().await;
        let outcome = match self.connected(&mut shared_connection).await {
            Ok(connection) => connection.call(command).await,
            Err(error) => Err(error),
        };
        if outcome.as_ref().is_err_and(RedisError::needs_reconnect) {
            *shared_connection = None;
        }
        outcome
    }

    /// Several questions at once, repeated together as for [`call`](Self::call).
    pub async fn pipeline(
        &self,
        commands: &[Command],
    ) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
        self.retry(async |connection| pipeline(connection, commands).await)
            .await
    }

    async fn retry<T>(
        &self,
        ask: impl AsyncFn(&mut Connection) -> Result<T, RedisError>,
    ) -> Result<T, RedisError> {
        let deadline = Instant::now() + RETRY_TIME;
        let mut backoff = Backoff::new();
        loop {
            let error = {
                let mut shared_connection = self.shared.shared_connection.lock().await;
                let outcome = match self.connected(&mut shared_connection).await {
                    Ok(connection) => ask(connection).await,
                    Err(error) => Err(error),
                };
                match outcome {
                    Ok(value) => return Ok(value),
                    Err(error) => {
                        if error.needs_reconnect() {
                            *shared_connection = None;
                        }
                        error
                    }
                }
            };
            let pause = backoff.pause();
            if !error.is_transient() || Instant::now() + pause > deadline {
                return Err(error);
            }
            tracing::debug!("asking again in {pause:?}: {}", with_causes(&error));
            tokio::time::sleep(pause).await;
        }
    }

    fn release_queue(&self) -> &ReleaseQueue {
        &self.shared.release_queue
    }

    async fn connected<'a>(
        &self,
        shared_connection: &'a mut Option<Connection>,
    ) -> Result<&'a mut Connection, RedisError> {
        // Replies are due when an earlier caller has stopped waiting.
        if shared_connection
            .as_ref()
            .is_some_and(|c| c.is_broken() || c.outstanding() > 0)
        {
            *shared_connection = None;
        }
        match shared_connection {
            Some(connection) => Ok(connection),
            None => Ok(shared_connection.insert(self.open().await?)),
        }
    }
}

impl fmt::Debug for DataStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataStore({})", self.shared.url)
    }
}

/// Sends commands at once. A server that is loading or busy is an error.
async fn pipeline(
    connection: &mut Connection,
    commands: &[Command],
) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
    let replies = connection.pipeline(commands).await?;
    let busy = replies
        .iter()
        .zip(commands)
        .find_map(|(reply, command)| match reply {
            Err(error) if error.is_transient() => Some((error, command)),
            _ => None,
        });
    match busy {
        Some((error, command)) => Err(RedisError::Server {
            server: connection.server().to_owned(),
            command: command.name().to_owned(),
            source: error.clone(),
        }),
        None => Ok(replies),
    }
}

/// Whether the server at the other end of `connection` is a data store that we understand.
async fn check_version(connection: &mut Connection) -> Result<(), StoreError> {
    let found = connection
        .call(&Command::new("GET").arg(PROTOCOL_VERSION_KEY))
        .await?;
    let server = connection.server().to_owned();
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
