//! Following the history of scans.

use std::time::Duration;

use redis_client::Command;

use crate::history_connection::{HistoryConnection, HistoryReader};
use crate::history_entries::{COUNT, good_reply, last_entry, last_timetag, new_scans, unexpected};
use crate::history_store::HistoryStore;
use crate::timetag::Timetag;

/// An XREAD blocks no longer than this, so that the clock rule is looked at now and then.
pub const BLOCK: Duration = Duration::from_secs(1);

/// Lists the scans that were created, in their order.
///
/// It survives anything that happens to the server: it connects again, waits while the store is
/// not initialised, and begins anew when the history did. Places in the history are times by the
/// server's clock, so a last entry older than our place means that this is another history, made
/// with a clock that was set back (or an empty one).
pub struct History<S: HistoryStore> {
    connection: HistoryConnection<S>,
    position: Timetag,
    /// The answer to come was asked for a place that is void.
    stale: bool,
}

impl<S: HistoryStore> History<S> {
    /// Follows the scans that are created from now on.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn from_now(store: &S) -> Result<History<S>, S::Error> {
        let reply = store.connection().call(&last_entry(store)).await?;
        let position = last_timetag::<S>(&reply).ok_or_else(|| unexpected(store, "XREVRANGE"))?;
        Ok(History::after(store, position))
    }

    /// Lists first the scans that the history remembers: the last 2048 or a few more, some of
    /// which may be deleted.
    pub fn from_start(store: &S) -> History<S> {
        History::after(store, Timetag::START)
    }

    /// Follows the scans after the one at `position`.
    pub fn after(store: &S, position: Timetag) -> History<S> {
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
    /// Only what waiting does not mend: see [`StoreFailure::is_final`](crate::StoreFailure::is_final).
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<(Timetag, S::Scan)>, S::Error> {
        self.read(timeout).await
    }
}

impl<S: HistoryStore> HistoryReader for History<S> {
    type Store = S;
    type Scan = (Timetag, S::Scan);

    fn connection(&mut self) -> &mut HistoryConnection<S> {
        &mut self.connection
    }

    async fn read_once(&mut self, block: Duration) -> Result<Vec<(Timetag, S::Scan)>, S::Error> {
        let last = last_entry(&self.connection.store);
        let key = self.connection.store.history_key().to_owned();
        let (connection, _) = self.connection.connected().await?;
        if connection.outstanding() == 0 {
            let block = block.clamp(Duration::from_millis(1), BLOCK);
            connection.queue(&last);
            connection.queue(
                &Command::new("XREAD")
                    .arg("COUNT")
                    .arg(COUNT)
                    .arg("BLOCK")
                    .arg(block.as_millis() as u64)
                    .arg("STREAMS")
                    .arg(key)
                    .arg(self.position.to_string())
                    .blocking(block),
            );
            self.stale = false;
        }
        if connection.outstanding() == 2 {
            let reply = good_reply(connection, "XREVRANGE").await?;
            let last = last_timetag::<S>(&reply)
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
            new_scans::<S>(&reply).ok_or_else(|| unexpected(&self.connection.store, "XREAD"))?;
        self.position = position.unwrap_or(self.position);
        Ok(scans)
    }
}
