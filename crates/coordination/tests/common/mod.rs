//! A store without a data model, on a plain Redis.

#![allow(dead_code, reason = "each test uses a part")]

use std::fmt;
use std::sync::{Arc, Mutex};

use coordination::{
    GuardedStore, HistoryStore, ReleaseQueue, StoreFailure, WriteGuard, entry_field,
};
use redis_client::{Command, Connection, RedisError, RedisUrl, SharedConnection, Value};
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};

pub const HISTORY: &str = "test:scans";

/// May be written while there is a key `ready`.
#[derive(Clone)]
pub struct PlainStore {
    shared: Arc<(SharedConnection, ReleaseQueue)>,
    interruption: Arc<Mutex<Option<Interruption>>>,
}

/// A command that the server executes before a script.
struct Interruption {
    text_of_script: &'static str,
    command: Command,
}

#[derive(Debug, thiserror::Error)]
pub enum PlainError {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("not ready")]
    NotReady,
}

impl StoreFailure for PlainError {
    fn is_final(&self) -> bool {
        self.redis().is_some_and(RedisError::is_final)
    }

    fn redis(&self) -> Option<&RedisError> {
        match self {
            PlainError::Redis(error) => Some(error),
            PlainError::NotReady => None,
        }
    }
}

impl PlainStore {
    pub fn new(url: &RedisUrl) -> PlainStore {
        let connection = SharedConnection::new(url, None);
        PlainStore {
            shared: Arc::new((connection, ReleaseQueue::default())),
            interruption: Arc::default(),
        }
    }

    /// Sets a command that is executed just before the first script that contains this text.
    pub fn before_script(&self, text_of_script: &'static str, command: Command) {
        *self.interruption.lock().unwrap() = Some(Interruption {
            text_of_script,
            command,
        });
    }

    /// Returns `true` if there is such a command and it is not executed yet.
    pub fn awaits_script(&self) -> bool {
        self.interruption.lock().unwrap().is_some()
    }

    async fn interrupt(&self, script: &Command) {
        let text = script.to_bytes();
        let text = String::from_utf8_lossy(&text);
        let is_due = |due: &mut Interruption| text.contains(due.text_of_script);
        let due = self.interruption.lock().unwrap().take_if(is_due);
        if let Some(due) = due {
            self.shared.0.call_once(&due.command).await.unwrap();
        }
    }

    /// Executes a command whose words are separated by spaces.
    pub async fn call(&self, command: &str) -> Value {
        let mut words = command.split(' ');
        let command = Command::new(words.next().unwrap()).args(words);
        self.shared.0.call_once(&command).await.unwrap()
    }

    pub async fn add(&self, scan: &str) {
        self.call(&format!("XADD {HISTORY} * scan {scan}")).await;
    }

    pub async fn keys(&self, pattern: &str) -> Vec<String> {
        let keys = self.call(&format!("KEYS {pattern}")).await;
        let keys = keys.as_array().unwrap().iter();
        keys.map(|key| key.as_str().unwrap().to_owned()).collect()
    }
}

impl fmt::Debug for PlainStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainStore({})", self.shared.0.url())
    }
}

impl GuardedStore for PlainStore {
    type Error = PlainError;

    fn connection(&self) -> &SharedConnection {
        &self.shared.0
    }

    fn release_queue(&self) -> &ReleaseQueue {
        &self.shared.1
    }

    async fn call_guarded(
        &self,
        script: impl Fn(&WriteGuard) -> Command + Send + Sync,
    ) -> Result<Value, PlainError> {
        let guard = WriteGuard::new("redis.call('EXISTS', KEYS[1]) == 0", "ready", "");
        let script = script(&guard);
        self.interrupt(&script).await;
        match self.shared.0.call_once(&script).await {
            Err(error) if WriteGuard::has_refused(&error) => Err(PlainError::NotReady),
            reply => Ok(reply?),
        }
    }
}

impl HistoryStore for PlainStore {
    type Scan = String;

    fn history_key(&self) -> &str {
        HISTORY
    }

    fn scan_of_fields(fields: &[Value]) -> Option<String> {
        Some(entry_field(fields, "scan")?.as_str()?.to_owned())
    }

    fn was_empty(&self) -> bool {
        false
    }

    async fn open_history(&self) -> Result<Connection, PlainError> {
        Ok(self.shared.0.open().await?)
    }
}

/// Starts a Redis without modules. Nothing may be written yet.
pub async fn empty_store() -> (PrivateRedis, PlainStore) {
    let options = RedisOptions::new().modules(RedisModules::None);
    let server = PrivateRedis::start(&options).await.unwrap();
    let store = PlainStore::new(&server.url());
    (server, store)
}

/// Starts a Redis into which may be written.
pub async fn ready_store() -> (PrivateRedis, PlainStore) {
    let (server, store) = empty_store().await;
    store.call("SET ready 1").await;
    (server, store)
}
