//! A server that holds nodes.
//!
//! A [`NodeStore`] is a handle that is cheap to clone. Short questions go over one shared connection, which is made
//! again when it breaks; a reader that blocks on streams [opens](NodeStore::open) a connection of its own.
//!
//! Nodes are read with the commands `HMGET`, `HGETALL`, `EXISTS`, `XREAD`, `XREVRANGE`, `LINDEX`, `SCAN` and `TIME`, and
//! never written. What writers tell each other is in keys that begin with `nexus-writer:`, and is only written while there
//! are nodes; see [`shared_scans`](crate::shared_scans).

mod coordination;
mod spool_mark;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ::coordination::{ClaimError, FileClaim, ReleaseQueue};
use observation::Observation;
use redis_client::{
    Command, Connection, RedisError, RedisUrl, ServerError, ServerMemory, SharedConnection, Value,
};

use crate::error::NodeError;
use crate::event::{first_point, parse_count};
use crate::key::{CHILDREN, NodeKey, escape_glob};
use crate::node::{NodeIdentity, NodeInfo};

/// The data base in which BLISS keeps its nodes.
pub const DATABASE: u32 = 1;
/// Entries that BLISS keeps of each stream of data, whether the others were read or not. Redis drops them in groups, so it
/// may keep up to a hundred more.
pub const KEPT_ENTRIES: u64 = 2048;
/// Keys at which one step of `SCAN` looks.
const SCAN_COUNT: u64 = 1000;

/// A Redis server that holds nodes.
#[derive(Clone)]
pub struct NodeStore {
    shared: Arc<Shared>,
}

struct Shared {
    connection: SharedConnection,
    /// Claims of files that are to be released.
    release_queue: ReleaseQueue,
    /// Key of a stream that showed that there are nodes.
    known_children: Mutex<Option<String>>,
    /// Set when the store was found to hold no nodes.
    was_empty: AtomicBool,
}

/// How far the stream of a node is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamHead {
    /// Index behind the last point, or 0 if the stream has no entry (any more). For Lima it is the number of reports, not
    /// of images.
    pub end: u64,
    /// Number of points in the last entry; 0 if there is none.
    pub last_entry: u64,
}

impl NodeStore {
    /// Creates a handle of the store at `url`, in data base 1 unless the URL names another than 0. Nothing is
    /// connected yet.
    pub fn new(url: &RedisUrl) -> NodeStore {
        NodeStore::reporting(url, None)
    }

    /// Creates a handle as [`new`](Self::new), whose connections report what they do to `observation`.
    pub fn observed(url: &RedisUrl, observation: &Arc<Observation>) -> NodeStore {
        NodeStore::reporting(url, Some(observation))
    }

    fn reporting(url: &RedisUrl, observation: Option<&Arc<Observation>>) -> NodeStore {
        // A URL does not tell data base 0 from none at all. No BLISS has its nodes there.
        let url = match url.database() {
            0 => url.clone().with_database(DATABASE),
            _ => url.clone(),
        };
        NodeStore {
            shared: Arc::new(Shared {
                connection: SharedConnection::new(&url, observation),
                release_queue: ReleaseQueue::default(),
                known_children: Mutex::default(),
                was_empty: AtomicBool::new(false),
            }),
        }
    }

    /// Returns where the store is, with its data base.
    pub fn url(&self) -> &RedisUrl {
        self.shared.connection.url()
    }

    /// Opens a connection to the store, for one user.
    ///
    /// # Errors
    /// As for [`Connection::open`].
    pub async fn open(&self) -> Result<Connection, RedisError> {
        self.shared.connection.open().await
    }

    /// Looks once whether the server answers, whatever it holds.
    ///
    /// # Errors
    /// If it does not, or refuses us.
    pub async fn check(&self) -> Result<(), NodeError> {
        let time = Command::new("TIME");
        let reply = self.shared.connection.call_once(&time).await;
        reply.map(|_| ()).map_err(NodeError::search)
    }

    /// Returns `true` if the store was found to hold no nodes: all scans in it were created since.
    pub(crate) fn was_empty(&self) -> bool {
        self.shared.was_empty.load(Ordering::Relaxed)
    }

    /// Returns `true` if there is any node: a session with children. Looks at each key of the data base if there is
    /// none.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn holds_nodes(&self) -> Result<bool, NodeError> {
        let mut search = SessionSearch::new();
        while !search.is_complete() {
            let reply = self.shared.connection.call(&search.command()).await;
            let found = search.take(&reply.map_err(NodeError::search)?);
            if !found.is_empty() {
                return Ok(true);
            }
        }
        self.shared.was_empty.store(true, Ordering::Relaxed);
        Ok(false)
    }

    /// Claims a file for this process. Somebody has to [maintain](FileClaim::maintain) the claim.
    ///
    /// # Errors
    /// [`ClaimError::Held`] if another process has the claim and is not known to be dead.
    pub async fn claim_file(
        &self,
        file: &Path,
    ) -> Result<FileClaim<NodeStore>, ClaimError<NodeError>> {
        FileClaim::claim(self, file).await
    }

    /// Asks the server about its memory. If the store is [observed](Self::observed), the memory is reported too.
    ///
    /// # Errors
    /// If the server cannot be asked, or does not allow it.
    pub async fn memory(&self) -> Result<ServerMemory, NodeError> {
        let reply = self
            .shared
            .connection
            .call(&ServerMemory::command())
            .await?;
        let memory = ServerMemory::of_reply(&reply);
        let memory = memory.map_err(|reason| RedisError::Unexpected {
            server: self.url().to_string(),
            command: "INFO".to_owned(),
            reason: reason.to_owned(),
        })?;
        if let Some(observation) = self.shared.connection.observation() {
            let redis = &observation.redis;
            redis.memory_used.set(memory.used as f64);
            redis.memory_limit.set(memory.limit.unwrap_or(0) as f64);
        }
        Ok(memory)
    }

    /// Returns the sessions: nodes without a parent that have a stream of children.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn sessions(&self) -> Result<Vec<NodeKey>, NodeError> {
        let mut search = SessionSearch::new();
        let mut sessions = Vec::new();
        while !search.is_complete() {
            let reply = self.shared.connection.call(&search.command()).await;
            sessions.extend(search.take(&reply.map_err(NodeError::search)?));
        }
        // `SCAN` may return a key twice.
        sessions.sort_unstable();
        sessions.dedup();
        Ok(sessions)
    }

    /// Looks up a node. Returns `None` if there is none.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn identity(&self, key: &NodeKey) -> Result<Option<NodeIdentity>, NodeError> {
        let reply = self
            .shared
            .connection
            .call(&NodeIdentity::command(key))
            .await;
        let reply = reply.map_err(|source| NodeError::redis(key, source))?;
        Ok(NodeIdentity::of_reply(key, &reply))
    }

    /// Looks up the info of a node. It is empty if there is none.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn info(&self, key: &NodeKey) -> Result<NodeInfo, NodeError> {
        let reply = self.shared.connection.call(&NodeInfo::command(key)).await;
        let reply = reply.map_err(|source| NodeError::redis(key, source))?;
        Ok(NodeInfo::of_reply(&reply))
    }

    /// Asks how far the data streams of these nodes are published. An item is `None` if the node has no such stream.
    ///
    /// The question goes over the shared connection, so that no read of a scan is disturbed.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn head(&self, keys: &[NodeKey]) -> Result<Vec<Option<StreamHead>>, NodeError> {
        let Some(first) = keys.first() else {
            return Ok(Vec::new());
        };
        let mut commands = Vec::with_capacity(2 * keys.len());
        for key in keys {
            let last = Command::new("XREVRANGE").arg(key.data());
            commands.push(last.args(["+", "-", "COUNT", "1"]));
            commands.push(Command::new("EXISTS").arg(key.data()));
        }
        let replies = self.shared.connection.pipeline(&commands).await;
        let replies = replies.map_err(|source| NodeError::redis(first, source))?;
        Ok(replies.chunks_exact(2).map(head).collect())
    }
}

impl fmt::Debug for NodeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeStore({})", self.url())
    }
}

/// Reads the replies to the questions for the last entry of a stream, and for its existence.
fn head(replies: &[Result<Value, ServerError>]) -> Option<StreamHead> {
    let [Ok(last), Ok(exists)] = replies else {
        return None;
    };
    let Some(entry) = last.as_array()?.first() else {
        return (exists.as_int() == Some(1)).then_some(StreamHead::default());
    };
    let [id, fields] = entry.as_array()? else {
        return None;
    };
    let id = redis_client::EntryId::parse(id.as_bytes()?)?;
    let mut pairs = fields.as_array()?.chunks_exact(2);
    let count = pairs.find(|pair| pair[0].as_str() == Some("__NPOINTS__"));
    let count = count.and_then(|pair| parse_count(pair[1].as_bytes()?));
    let last_entry = count.unwrap_or(1);
    Some(StreamHead {
        end: first_point(id)?.checked_add(last_entry)?,
        last_entry,
    })
}

/// A search for sessions in all keys of the data base, without blocking the server as `KEYS` would.
#[derive(Debug)]
pub(crate) struct SessionSearch {
    /// Position of the search, `None` when it has ended.
    cursor: Option<String>,
}

impl SessionSearch {
    pub fn new() -> SessionSearch {
        SessionSearch {
            cursor: Some("0".to_owned()),
        }
    }

    /// Returns `true` if all keys have been looked at.
    pub fn is_complete(&self) -> bool {
        self.cursor.is_none()
    }

    /// Returns the command for the next step.
    pub fn command(&self) -> Command {
        let cursor = self.cursor.as_deref().unwrap_or("0");
        let pattern = format!("*{}", escape_glob(CHILDREN));
        Command::new("SCAN")
            .arg(cursor)
            .args(["MATCH", &pattern, "COUNT"])
            .arg(SCAN_COUNT)
    }

    /// Reads the reply to a step. Returns the sessions in it.
    pub fn take(&mut self, reply: &Value) -> Vec<NodeKey> {
        let (cursor, keys) = match reply.as_array() {
            Some([cursor, keys]) => (cursor.as_str(), keys.as_array()),
            _ => (None, None),
        };
        self.cursor = cursor.filter(|cursor| *cursor != "0").map(str::to_owned);
        let keys = keys.unwrap_or_default().iter();
        keys.filter_map(|key| {
            let session = key.as_str()?.strip_suffix(CHILDREN)?;
            session.parse::<NodeKey>().ok()
        })
        .filter(|node| node.parent().is_none())
        .collect()
    }
}
