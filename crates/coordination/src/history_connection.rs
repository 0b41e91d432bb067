//! A connection to block on, made again whenever it breaks.

use std::pin::Pin;
use std::time::Duration;

use observation::with_causes;
use redis_client::{Backoff, Connection, RedisError};
use tokio::time::{Instant, timeout_at};

use crate::guarded_store::{GuardedStore, StoreFailure as _};
use crate::history_store::HistoryStore;

/// One connection for one follower of the scan history. It survives anything that happens to the
/// server: it is made again, and waits while the store is not initialised.
pub struct HistoryConnection<S: HistoryStore> {
    pub store: S,
    connection: Option<Connection>,
    /// A connection on its way: kept, so that short waits add up to one that is long enough.
    opening: Option<Opening<S>>,
    backoff: Backoff,
    /// Why the history cannot be followed, as it was last reported.
    reported: Option<String>,
}

type Opening<S> =
    Pin<Box<dyn Future<Output = Result<Connection, <S as GuardedStore>::Error>> + Send + Sync>>;

impl<S: HistoryStore> HistoryConnection<S> {
    pub fn new(store: &S) -> HistoryConnection<S> {
        HistoryConnection {
            store: store.clone(),
            connection: None,
            opening: None,
            backoff: Backoff::new(),
            reported: None,
        }
    }

    /// The connection, and whether it is a new one. Cancel-safe.
    pub async fn connected(&mut self) -> Result<(&mut Connection, bool), S::Error> {
        if self.connection.is_some() {
            return self.existing().map(|connection| (connection, false));
        }
        let store = self.store.clone();
        let opening = self
            .opening
            .get_or_insert_with(|| Box::pin(async move { store.open_history().await }));
        let outcome = opening.await;
        self.opening = None;
        self.connection = Some(outcome?);
        self.existing().map(|connection| (connection, true))
    }

    /// Notes that the history could be read: a server that accepts a connection may refuse that still.
    fn note_success(&mut self) {
        self.backoff.reset();
        if self.reported.take().is_some() {
            tracing::info!("following the scan history again");
        }
    }

    fn existing(&mut self) -> Result<&mut Connection, S::Error> {
        let server = self.store.connection().url();
        let missing = || RedisError::Unexpected {
            server: server.to_string(),
            command: "XREAD".to_owned(),
            reason: "no connection".to_owned(),
        };
        Ok(self.connection.as_mut().ok_or_else(missing)?)
    }

    /// Drops the connection and makes a pause before the next attempt. Returns `true` if there is
    /// time for one before the deadline.
    ///
    /// # Errors
    /// The given one, if waiting does not mend it.
    async fn recover(&mut self, error: S::Error, deadline: Instant) -> Result<bool, S::Error> {
        self.connection = None;
        if error.is_final() {
            return Err(error);
        }
        let reason = with_causes(&error);
        if self.reported.as_ref() != Some(&reason) {
            tracing::warn!("the scan history cannot be followed, trying again: {reason}");
            self.reported = Some(reason);
        }
        let resume = Instant::now() + self.backoff.pause();
        tokio::time::sleep_until(resume.min(deadline)).await;
        Ok(resume <= deadline)
    }
}

/// Why a reader cannot follow the history.
type ReadError<R> = <<R as HistoryReader>::Store as GuardedStore>::Error;

/// A reader that follows the scan history on a connection of its own.
pub trait HistoryReader {
    /// Where the history is.
    type Store: HistoryStore;
    /// What it returns of a scan.
    type Scan;

    fn connection(&mut self) -> &mut HistoryConnection<Self::Store>;

    /// Asks once; an answer that does not come within `block` is empty. Cancel-safe.
    async fn read_once(&mut self, block: Duration) -> Result<Vec<Self::Scan>, ReadError<Self>>;

    /// Asks until there are scans, or the time is up. Cancel-safe.
    async fn read(&mut self, timeout: Duration) -> Result<Vec<Self::Scan>, ReadError<Self>> {
        let deadline = Instant::now() + timeout;
        loop {
            match timeout_at(deadline, self.read_once(timeout)).await {
                Err(_) => return Ok(Vec::new()),
                Ok(Ok(scans)) => {
                    self.connection().note_success();
                    if !scans.is_empty() || Instant::now() >= deadline {
                        return Ok(scans);
                    }
                }
                Ok(Err(error)) => {
                    if !self.connection().recover(error, deadline).await? {
                        return Ok(Vec::new());
                    }
                }
            }
        }
    }
}
