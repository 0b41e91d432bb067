//! The connection over which a scan is published.

use redis_client::{Command, Connection, RedisError, ServerError, Value};

use super::PublishError;
use crate::key::NodeKey;
use crate::store::NodeStore;

/// Replies that may be due: the server holds them in its memory until they are read.
const MAX_DUE: usize = 20_000;

/// A connection over which transactions are sent without waiting for the replies to those before. A reply that is an
/// error makes a later call fail.
pub(super) struct PublisherConnection {
    connection: Connection,
    scan: NodeKey,
    /// `MULTI` is queued, and `EXEC` is not.
    is_open: bool,
}

impl PublisherConnection {
    pub async fn open(
        store: &NodeStore,
        scan: &NodeKey,
    ) -> Result<PublisherConnection, PublishError> {
        let opened = store.open().await;
        Ok(PublisherConnection {
            connection: opened.map_err(|source| PublishError::redis(scan, source))?,
            scan: scan.clone(),
            is_open: false,
        })
    }

    /// Adds a command to the transaction that is sent next.
    pub fn add_to_transaction(&mut self, command: &Command) {
        if !self.is_open {
            self.is_open = true;
            self.connection.queue(&Command::new("MULTI"));
        }
        self.connection.queue(command);
    }

    /// Sends the transaction, if there is one, and looks at the replies that are there.
    pub async fn send_transaction(&mut self) -> Result<(), PublishError> {
        if std::mem::take(&mut self.is_open) {
            self.connection.queue(&Command::new("EXEC"));
            let flushed = self.connection.flush().await;
            flushed.map_err(|source| self.error(source))?;
        }
        let received = self.receive_present().await;
        received.map_err(|source| self.error(source))
    }

    /// Waits until all that was sent is answered.
    pub async fn settle(&mut self) -> Result<(), PublishError> {
        let received = self.receive_until(0).await;
        received.map_err(|source| self.error(source))
    }

    /// Sends a command behind all that was sent before, and waits for its reply.
    pub async fn call(&mut self, command: &Command) -> Result<Value, PublishError> {
        self.send_transaction().await?;
        self.settle().await?;
        let reply = self.connection.call(command).await;
        reply.map_err(|source| self.error(source))
    }

    /// Returns `true` if there is a node of this key.
    pub async fn exists(&mut self, key: &NodeKey) -> Result<bool, PublishError> {
        let reply = self.call(&Command::new("EXISTS").arg(key.as_str())).await?;
        Ok(reply.as_int() == Some(1))
    }

    async fn receive_present(&mut self) -> Result<(), RedisError> {
        while let Some(reply) = self.connection.try_receive()? {
            self.check(reply)?;
        }
        self.receive_until(MAX_DUE).await
    }

    async fn receive_until(&mut self, due: usize) -> Result<(), RedisError> {
        while self.connection.outstanding() > due {
            let reply = self.connection.receive().await?;
            self.check(reply)?;
        }
        Ok(())
    }

    /// Fails if a reply is an error, or has one: the reply to `EXEC` is the list of the others.
    fn check(&self, reply: Result<Value, ServerError>) -> Result<(), RedisError> {
        let refused = match reply {
            Err(error) => Some(error),
            Ok(Value::Array(replies)) => replies.into_iter().find_map(|reply| match reply {
                Value::Error(error) => Some(error),
                _ => None,
            }),
            Ok(_) => None,
        };
        refused.map_or(Ok(()), |source| {
            Err(RedisError::Server {
                server: self.connection.server().to_owned(),
                command: "EXEC".to_owned(),
                source,
            })
        })
    }

    fn error(&self, source: RedisError) -> PublishError {
        PublishError::redis(&self.scan, source)
    }
}
