//! One connection for the short questions of many users.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use observation::{Observation, with_causes};
use tokio::sync::Mutex;

use crate::backoff::Backoff;
use crate::command::Command;
use crate::connection::Connection;
use crate::error::{RedisError, ServerError};
use crate::url::RedisUrl;
use crate::value::Value;

/// How long a question is repeated while the server cannot be reached.
const RETRY_TIME: Duration = Duration::from_secs(15);

/// A connection that is made when it is needed, and again when it breaks. Users ask one after the other.
pub struct SharedConnection {
    url: RedisUrl,
    /// Where connections report what they do.
    observation: Option<Arc<Observation>>,
    connection: Mutex<Option<Connection>>,
}

impl SharedConnection {
    /// Creates a connection to the server at `url`, which reports what it does to `observation`. Nothing is
    /// connected yet.
    pub fn new(url: &RedisUrl, observation: Option<&Arc<Observation>>) -> SharedConnection {
        SharedConnection {
            url: url.clone(),
            observation: observation.cloned(),
            connection: Mutex::new(None),
        }
    }

    /// Returns where connections report what they do.
    pub fn observation(&self) -> Option<&Arc<Observation>> {
        self.observation.as_ref()
    }

    /// Where the server is.
    pub fn url(&self) -> &RedisUrl {
        &self.url
    }

    /// Opens another connection to the server, for one user: to block on streams, or to send data.
    ///
    /// # Errors
    /// As for [`Connection::open`].
    pub async fn open(&self) -> Result<Connection, RedisError> {
        match &self.observation {
            Some(observation) => Connection::open_observed(&self.url, observation).await,
            None => Connection::open(&self.url).await,
        }
    }

    /// Connects, if there is no connection.
    ///
    /// # Errors
    /// If one attempt to connect fails.
    pub async fn connect(&self) -> Result<(), RedisError> {
        let mut connection = self.connection.lock().await;
        self.connected(&mut connection).await.map(|_| ())
    }

    /// Closes the connection. The next question makes another.
    pub async fn disconnect(&self) {
        *self.connection.lock().await = None;
    }

    /// Asks the server.
    ///
    /// When the connection breaks, or the server is loading or busy, the command is sent again,
    /// for up to 15 s: it must be one that may be repeated, such as any that only reads.
    ///
    /// # Errors
    /// If the server cannot be asked, or answers with an error.
    pub async fn call(&self, command: &Command) -> Result<Value, RedisError> {
        self.retry(async |connection| connection.call(command).await)
            .await
    }

    /// As [`call`](Self::call), the reply undecoded.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_raw(&self, command: &Command) -> Result<Bytes, RedisError> {
        self.retry(async |connection| connection.call_raw(command).await)
            .await
    }

    /// Asks once, without repeating the command if the server cannot answer it.
    ///
    /// # Errors
    /// If the server cannot be asked, or answers with an error.
    pub async fn call_once(&self, command: &Command) -> Result<Value, RedisError> {
        let mut shared = self.connection.lock().await;
        let outcome = match self.connected(&mut shared).await {
            Ok(connection) => connection.call(command).await,
            Err(error) => Err(error),
        };
        if outcome.as_ref().is_err_and(RedisError::needs_reconnect) {
            *shared = None;
        }
        outcome
    }

    /// Asks several questions at once, repeated together as for [`call`](Self::call).
    ///
    /// # Errors
    /// If the server cannot be asked. An error reply to one of the commands is that command's outcome.
    pub async fn pipeline(
        &self,
        commands: &[Command],
    ) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
        self.retry(async |connection| connection.pipeline_unless_busy(commands).await)
            .await
    }

    /// Asks several questions on the connection, repeated as for [`call`](Self::call) when they fail.
    ///
    /// # Errors
    /// The last error of `ask`, or that of the attempt to connect.
    pub async fn retry<T>(
        &self,
        ask: impl AsyncFn(&mut Connection) -> Result<T, RedisError>,
    ) -> Result<T, RedisError> {
        let deadline = Instant::now() + RETRY_TIME;
        let mut backoff = Backoff::new();
        loop {
            let error = {
                let mut shared = self.connection.lock().await;
                let outcome = match self.connected(&mut shared).await {
                    Ok(connection) => ask(connection).await,
                    Err(error) => Err(error),
                };
                match outcome {
                    Ok(value) => return Ok(value),
                    Err(error) => {
                        if error.needs_reconnect() {
                            *shared = None;
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

    async fn connected<'a>(
        &self,
        shared: &'a mut Option<Connection>,
    ) -> Result<&'a mut Connection, RedisError> {
        // Replies are due when an earlier caller has stopped waiting.
        if shared
            .as_ref()
            .is_some_and(|c| c.is_broken() || c.outstanding() > 0)
        {
            *shared = None;
        }
        match shared {
            Some(connection) => Ok(connection),
            None => Ok(shared.insert(self.open().await?)),
        }
    }
}

impl fmt::Debug for SharedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedConnection({})", self.url)
    }
}
