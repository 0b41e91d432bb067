//! Following the history of scans.

use std::time::Duration;

use redis_client::{Command, Connection, RedisError, Value};

use super::history_connection::{HistoryConnection, HistoryReader};
use super::key::{ScanKey, Timetag};
use super::{DataStore, StoreError};

/// The stream of all scans.
pub(super) const HISTORY_KEY: &str = "_SCAN_HISTORY_";
/// Scans per answer.
pub(super) const COUNT: u64 = 1000;
/// An XREAD blocks no longer than this, so that the clock rule is looked at now and then.
pub(super) const BLOCK: Duration = Duration::from_secs(1);

/// Lists the scans that were created, in their order.
///
/// It survives anything that happens to the server: it connects again, waits while the store is
/// not initialised, and begins anew when the history did. Places in the history are times by the
/// server's clock, so a last entry older than our place means that this is another history, made
/// with a clock that was set back (or an empty one).
pub struct History {
    connection: HistoryConnection,
    position: Timetag,
    /// The answer to come was asked for a place that is void.
    stale: bool,
}

impl History {
    /// Follows the scans that are created from now on.
    pub async fn from_now(store: &DataStore) -> Result<History, StoreError> {
        let reply = store.call(&last_entry()).await?;
        let position = last_timetag(&reply).ok_or_else(|| unexpected(store, "XREVRANGE"))?;
        Ok(History::after(store, position))
    }

    /// Lists first the scans that the history remembers: the last 2048 or a few more, some of
    /// which may be deleted.
    pub fn from_start(store: &DataStore) -> History {
        History::after(store, Timetag::START)
    }

    /// Follows the scans after the one at `position`.
    pub fn after(store: &DataStore, position: Timetag) -> History {
        History {
            connection: HistoryConnection::new(store),
            position,
            stale: false,
        }
    }

    /// The place after which it continues.
    pub fn position(&self) -> Timetag {
        self.position
    }

    /// Waits up to `timeout` for new scans. None came, or the server is away, when the answer is
    /// empty. Cancel-safe: nothing is lost when the wait is dropped.
    ///
    /// # Errors
    /// Only what waiting does not mend: see [`StoreError::is_final`].
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<(Timetag, ScanKey)>, StoreError> {
        self.read(timeout).await
    }
}

impl HistoryReader for History {
    type Scan = (Timetag, ScanKey);

    fn connection(&mut self) -> &mut HistoryConnection {
        &mut self.connection
    }

    async fn read_once(&mut self, block: Duration) -> Result<Vec<(Timetag, ScanKey)>, StoreError> {
        let (connection, _) = self.connection.connected().await?;
        if connection.outstanding() == 0 {
            let block = block.clamp(Duration::from_millis(1), BLOCK);
            connection.queue(&last_entry());
            connection.queue(
                &Command::new("XREAD")
                    .arg("COUNT")
                    .arg(COUNT)
                    .arg("BLOCK")
                    .arg(block.as_millis() as u64)
                    .arg("STREAMS")
                    .arg(HISTORY_KEY)
                    .arg(self.position.to_string())
                    .blocking(block),
            );
            self.stale = false;
        }
        if connection.outstanding() == 2 {
            let reply = good_reply(connection, "XREVRANGE").await?;
            let last = last_timetag(&reply)
                .ok_or_else(|| unexpected(&self.connection.store, "XREVRANGE"))?;
            if last < self.position {
                tracing::warn!("the scan history has begun anew");
                self.position = Timetag::START;
                self.stale = true;
            }
        }
        let (connection, _) = self.connection.connected().await?;
        let reply = good_reply(connection, "XREAD").await?;
        if self.stale {
            return Ok(Vec::new());
        }
        let (position, scans) =
            new_scans(&reply).ok_or_else(|| unexpected(&self.connection.store, "XREAD"))?;
        self.position = position.unwrap_or(self.position);
        Ok(scans)
    }
}

pub(super) fn last_entry() -> Command {
    Command::new("XREVRANGE")
        .arg(HISTORY_KEY)
        .arg("+")
        .arg("-")
        .arg("COUNT")
        .arg(1)
}

/// The scan of one entry `[id, [field, value, ...]]`, if it names one.
pub(super) fn scan_of(entry: &Value) -> Option<(Timetag, Option<ScanKey>)> {
    let [id, fields] = entry.as_array()? else {
        return None;
    };
    let timetag = Timetag::parse(id.as_str()?)?;
    if fields.is_nil() {
        // The history has dropped the entry, but a group still remembers that it was handed out.
        return Some((timetag, None));
    }
    let mut pairs = fields.as_array()?.chunks_exact(2);
    let key = pairs
        .find(|pair| pair[0].as_str() == Some("key"))
        .and_then(|pair| pair[1].as_str());
    Some((timetag, key.and_then(|key| ScanKey::new(key).ok())))
}

pub(super) async fn good_reply(
    connection: &mut Connection,
    command: &str,
) -> Result<Value, RedisError> {
    connection
        .receive()
        .await?
        .map_err(|source| RedisError::Server {
            server: connection.server().to_owned(),
            command: command.to_owned(),
            source,
        })
}

/// The place of the last entry; the start when there is none.
pub(super) fn last_timetag(reply: &Value) -> Option<Timetag> {
    match reply.as_array()? {
        [] => Some(Timetag::START),
        [entry, ..] => scan_of(entry).map(|(timetag, _)| timetag),
    }
}

pub(super) type NewScans = (Option<Timetag>, Vec<(Timetag, ScanKey)>);

pub(super) fn new_scans(reply: &Value) -> Option<NewScans> {
    let mut scans = Vec::new();
    let mut position = None;
    for stream in reply.as_array()? {
        let [_, entries] = stream.as_array()? else {
            return None;
        };
        for entry in entries.as_array()? {
            let (timetag, key) = scan_of(entry)?;
            position = Some(timetag);
            match key {
                Some(key) => scans.push((timetag, key)),
                None => tracing::warn!(%timetag, "an entry of the scan history names no scan"),
            }
        }
    }
    Some((position, scans))
}

pub(super) fn unexpected(store: &DataStore, command: &str) -> StoreError {
    let reason = "not the entries of a stream";
    store.unexpected_reply(command, reason).into()
}
