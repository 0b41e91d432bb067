//! Finds scans when they are created.
//!
//! A [`ScanDiscovery`] follows the streams that announce the children of sessions, directories, proposals and datasets.
//! It reads each of them from its beginning, because that is how containers are found, and hands out the scans that
//! come after its [`Start`]. Identifiers of entries are times of the server's clock, so one time tells for all streams
//! where to begin, also for those that are not known yet.
//!
//! A [`Position`] can be stored as text, and a discovery that starts there goes on as if it had never ended: no scan is
//! missed, and none is handed out twice. It is a time before which everything was handed out, and the places of the
//! few streams that were read further than that. It is a minute in the past, so that a server's clock that is set back
//! does not hide a scan.

mod containers;
mod position;
mod walk;

use std::time::Duration;

use indexmap::IndexMap;
use redis_client::EntryId;
use tokio::time::Instant;

use crate::error::NodeError;
use crate::key::NodeKey;
use crate::node::NodeType;
use crate::node_connection::NodeConnection;
use crate::store::NodeStore;
use containers::Container;
use walk::Step;

pub use position::{Position, PositionError};

/// How often all keys are searched for new sessions.
const SESSION_SEARCH_INTERVAL: Duration = Duration::from_secs(5);

/// The same while no session is known, when there are few keys or none.
const EMPTY_SEARCH_INTERVAL: Duration = Duration::from_millis(200);

/// Where scans are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Below one session, which need not exist yet.
    Session(NodeKey),
    /// Below all sessions, also those that are created later.
    AllSessions,
}

/// With which scans a discovery begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// All scans that exist.
    Beginning,
    /// Scans that are created from now on, by the clock of the server. "Now" is when the server first answers.
    Now,
    /// Scans that were not handed out by the discovery that had this position.
    After(Position),
}

/// A scan that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundScan {
    /// Its key.
    pub key: NodeKey,
    /// [`NodeType::Scan`] or [`NodeType::ScanGroup`].
    pub node_type: NodeType,
    /// The time at which it was announced, by the clock of the server.
    pub announced: EntryId,
}

/// Finds the scans of a server.
///
/// Losing the server does not end it: it connects again when it is asked for more.
pub struct ScanDiscovery {
    connection: NodeConnection,
    scope: Scope,
    /// Where we began. Unknown before the server has told its time.
    start: Option<Position>,
    containers: IndexMap<NodeKey, Container>,
    /// Everything that was announced before is known, apart from entries of streams that were read beyond it.
    complete_until: u64,
    /// When the last complete search for sessions began, by the clock of the server.
    searched: u64,
    /// When the next search for sessions begins.
    next_search: Instant,
    step: Step,
    /// Scans that were found and not handed out yet.
    ready: Vec<FoundScan>,
}

impl ScanDiscovery {
    /// Creates a discovery. Nothing is connected yet.
    pub fn new(store: &NodeStore, scope: Scope, start: Start) -> ScanDiscovery {
        let start = match start {
            Start::Beginning => Some(Position::beginning()),
            Start::After(position) => Some(position),
            Start::Now => None,
        };
        let mut discovery = ScanDiscovery {
            connection: NodeConnection::new(store),
            scope,
            start,
            containers: IndexMap::new(),
            complete_until: 0,
            searched: 0,
            next_search: Instant::now(),
            step: Step::Begin,
            ready: Vec::new(),
        };
        if let Scope::Session(session) = &discovery.scope {
            let session = session.clone();
            discovery.add_container(session);
        }
        discovery
    }

    /// Waits up to `timeout` for new scans. There are none, or the server cannot be reached, if the result is empty.
    /// Cancel-safe: when it is dropped, nothing is lost. Scans of one parent are in the order of their creation.
    ///
    /// # Errors
    /// Only when trying again does not help: see [`NodeError::is_final`].
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<FoundScan>, NodeError> {
        let deadline = Instant::now() + timeout;
        while self.ready.is_empty() {
            let step = self.advance(deadline);
            match tokio::time::timeout_at(deadline, step).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if error.is_final() => {
                    self.connection.close();
                    return Err(NodeError::search(error));
                }
                Ok(Err(error)) => {
                    self.connection.reconnect_after(&error, "search for scans");
                }
                Err(_) => break,
            }
        }
        Ok(std::mem::take(&mut self.ready))
    }

    /// Returns where a discovery can start to find exactly what this one has not handed out yet. Returns `None` if the
    /// server has not been reached yet and we begin "now".
    pub fn position(&self) -> Option<Position> {
        let start = self.start.as_ref()?;
        Some(start.advanced(self.complete_time(), &self.containers))
    }

    /// Returns `true` if all scans that exist have been handed out, as far as the last answers of the server tell.
    pub fn is_caught_up(&self) -> bool {
        let has_read = match self.scope {
            // There is nothing to read if a search has found no session.
            Scope::AllSessions if self.containers.is_empty() => self.searched > 0,
            _ => matches!(self.step, Step::Reading { .. }) && self.has_read_all(),
        };
        self.ready.is_empty() && has_read
    }

    /// Returns the time before which everything is known.
    fn complete_time(&self) -> u64 {
        match self.scope {
            Scope::Session(_) => self.complete_until,
            // A session that was not found yet may have older scans.
            Scope::AllSessions => self.complete_until.min(self.searched),
        }
    }
}
