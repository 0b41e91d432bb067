//! A server of nodes as a store whose scans and files writers share.

use std::sync::{MutexGuard, PoisonError};

use coordination::{GuardedStore, HistoryStore, ReleaseQueue, WriteGuard};
use redis_client::{Command, Connection, RedisError, SharedConnection, Value};

use super::{NodeStore, SCAN_COUNT};
use crate::error::NodeError;
use crate::key::{CHILDREN, escape_glob};
use crate::shared_scans::{AnnouncedScan, SCANS_KEY};

/// Whether the node is gone that was there when it was last looked for one.
const IS_GONE: &str = "redis.call('EXISTS', KEYS[1]) == 0";

impl GuardedStore for NodeStore {
    type Error = NodeError;

    fn connection(&self) -> &SharedConnection {
        &self.shared.connection
    }

    fn release_queue(&self) -> &ReleaseQueue {
        &self.shared.release_queue
    }

    /// Nothing says what the server is for but the nodes in it. So one of them has to exist: the one that was last found,
    /// or else any other.
    async fn call_guarded(
        &self,
        script: impl Fn(&WriteGuard) -> Command + Send + Sync,
    ) -> Result<Value, NodeError> {
        let mut is_searched = false;
        loop {
            let known = self.known_children().clone();
            let children = match known {
                Some(known) => known,
                None => {
                    is_searched = true;
                    let found = self.find_children().await?;
                    self.known_children().insert(found).clone()
                }
            };
            let guard = WriteGuard::new(IS_GONE, &children, "");
            match self.connection().call_once(&script(&guard)).await {
                Err(error) if WriteGuard::has_refused(&error) => {
                    *self.known_children() = None;
                    if is_searched {
                        return Err(self.no_nodes());
                    }
                }
                reply => return Ok(reply?),
            }
        }
    }
}

impl NodeStore {
    /// Returns the key of a stream of children of any node.
    async fn find_children(&self) -> Result<String, NodeError> {
        let pattern = format!("*{}", escape_glob(CHILDREN));
        let mut cursor = "0".to_owned();
        loop {
            let search = Command::new("SCAN").arg(&cursor);
            let search = search.args(["MATCH", &pattern, "COUNT"]).arg(SCAN_COUNT);
            let reply = self.connection().call_once(&search).await?;
            let Some([next, keys]) = reply.as_array() else {
                return Err(self.unexpected("SCAN", "not a cursor and keys"));
            };
            let mut keys = keys.as_array().unwrap_or_default().iter();
            if let Some(key) = keys.find_map(Value::as_str) {
                return Ok(key.to_owned());
            }
            match next.as_str() {
                Some(next) if next != "0" => cursor = next.to_owned(),
                _ => return Err(self.no_nodes()),
            }
        }
    }

    fn known_children(&self) -> MutexGuard<'_, Option<String>> {
        // No code runs under the lock that could leave the key half changed.
        let known = self.shared.known_children.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    fn no_nodes(&self) -> NodeError {
        NodeError::NoNodes {
            server: self.url().to_string(),
        }
    }

    /// Returns the error of a reply that is not of the form that Redis documents.
    pub(crate) fn unexpected(&self, command: &str, reason: &str) -> NodeError {
        let error = RedisError::Unexpected {
            server: self.url().to_string(),
            command: command.to_owned(),
            reason: reason.to_owned(),
        };
        error.into()
    }
}

impl HistoryStore for NodeStore {
    type Scan = AnnouncedScan;

    fn history_key(&self) -> &str {
        SCANS_KEY
    }

    fn scan_of_fields(fields: &[Value]) -> Option<AnnouncedScan> {
        AnnouncedScan::of_fields(fields)
    }

    /// The history is our own: who joins has added the scans that existed before.
    fn was_empty(&self) -> bool {
        false
    }

    async fn open_history(&self) -> Result<Connection, NodeError> {
        // Without nodes there are no scans, and nothing that could be read may be written.
        self.find_children().await?;
        Ok(self.open().await?)
    }
}
