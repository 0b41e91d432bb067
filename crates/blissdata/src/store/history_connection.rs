//! A connection to block on, made again whenever it breaks.

use std::pin::Pin;
use std::time::Duration;

use observation::with_causes;
use redis_client::{Backoff, Connection};
use tokio::time::{Instant, timeout_at};

use super::{DataStore, StoreError, check_version, version_command};

/// One connection for one follower of the scan history. It survives anything that happens to the
/// server: it is made again, and waits while the store is not initialised.
pub(super) struct HistoryConnection {
    pub store: DataStore,
    connection: Option<Connection>,
    /// A connection on its way: kept, so that short waits add up to one that is long enough.
    opening: Option<Opening>,
    backoff: Backoff,
    /// Why the history cannot be followed, as it was last reported.
    reported: Option<String>,
}

type Opening = Pin<Box<dyn Future<Output = Result<Connection, StoreError>> + Send + Sync>>;

impl HistoryConnection {
    pub fn new(store: &DataStore) -> HistoryConnection {
        HistoryConnection {
            store: store.clone(),
            connection: None,
            opening: None,
            backoff: Backoff::new(),
            reported: None,
        }
    }

    /// The connection, and whether it is a new one. Cancel-safe.
    pub async fn connected(&mut self) -> Result<(&mut Connection, bool), StoreError> {
        if self.connection.is_some() {
            return self.existing().map(|connection| (connection, false));
        }
        let store = self.store.clone();
        let opening = self.opening.get_or_insert_with(|| Box::pin(open(store)));
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

    fn existing(&mut self) -> Result<&mut Connection, StoreError> {
        let store = &self.store;
        self.connection
            .as_mut()
            .ok_or_else(|| StoreError::NotInitialised {
                server: store.url().to_string(),
            })
    }

    /// Drops the connection and makes a pause before the next attempt. Returns `true` if there is
    /// time for one before the deadline.
    ///
    /// # Errors
    /// The given one, if waiting does not mend it.
    async fn recover(&mut self, error: StoreError, deadline: Instant) -> Result<bool, StoreError> {
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

/// A reader that follows the scan history on a connection of its own.
pub(super) trait HistoryReader {
    /// What it returns of a scan.
    type Scan;

    fn connection(&mut self) -> &mut HistoryConnection;

    /// Asks once; an answer that does not come within `block` is empty. Cancel-safe.
    async fn read_once(&mut self, block: Duration) -> Result<Vec<Self::Scan>, StoreError>;

    /// Asks until there are scans, or the time is up. Cancel-safe.
    async fn read(&mut self, timeout: Duration) -> Result<Vec<Self::Scan>, StoreError> {
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

async fn open(store: DataStore) -> Result<Connection, StoreError> {
    let mut connection = store.open().await?;
    let found = connection.call(&version_command()).await?;
    check_version(connection.server(), found)?;
    Ok(connection)
}
