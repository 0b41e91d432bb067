//! The reader's own connection to Redis: made again, with pauses, when it breaks. It has the reader's share of the memory
//! for replies.

use std::time::Instant;

use bytes::Bytes;
use observation::with_causes;
use redis_client::{Backoff, Connection, RedisError, ReplyMemory, ReplyShare};

use crate::store::{DataStore, ScanKey};

/// A connection that comes back.
pub(super) struct ReaderConnection {
    store: DataStore,
    connection: Option<Connection>,
    backoff: Backoff,
    share: ReplyShare,
    /// When to try again.
    retry: Option<tokio::time::Instant>,
    lost: Option<Instant>,
    /// A new connection, after which nothing is known about what happened meanwhile.
    pub is_new: bool,
}

impl ReaderConnection {
    pub fn new(store: &DataStore, connection: Connection) -> ReaderConnection {
        ReaderConnection {
            store: store.clone(),
            connection: Some(connection),
            backoff: Backoff::new(),
            share: ReplyMemory::unlimited().join(),
            retry: None,
            lost: None,
            is_new: false,
        }
    }

    /// The store at the other end.
    pub fn store(&self) -> &DataStore {
        &self.store
    }

    /// The connection; when there is none, after one attempt to make it. Cancel-safe.
    pub async fn get(&mut self) -> Result<&mut Connection, RedisError> {
        let (connection, _) = self.get_with_share().await?;
        Ok(connection)
    }

    async fn get_with_share(&mut self) -> Result<(&mut Connection, &mut ReplyShare), RedisError> {
        if let Some(at) = self.retry {
            tokio::time::sleep_until(at).await;
            self.retry = None;
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = self.store.open().await?;
                self.is_new = true;
                connection
            }
        };
        Ok((self.connection.insert(connection), &mut self.share))
    }

    /// The connection, if it is open.
    pub fn current(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut()
    }

    /// Takes part in this memory for replies.
    pub fn share_memory(&mut self, memory: &ReplyMemory) {
        self.share = memory.join();
    }

    /// Returns the size in bytes of the replies to ask for.
    pub fn target(&self) -> u64 {
        self.share.target()
    }

    /// Waits for the reply to a read, and for the memory that it needs. What came before must have been handed out: it
    /// has that memory perhaps.
    pub async fn receive_read(&mut self) -> Result<Bytes, RedisError> {
        let (connection, share) = self.get_with_share().await?;
        connection.receive_raw_within(share).await
    }

    /// Drops the connection after an error that may pass.
    pub fn reconnect_after(&mut self, error: &RedisError, scan: &ScanKey) {
        if self.lost.is_none() {
            tracing::warn!(%scan, "{}; trying again", with_causes(error));
            self.lost = Some(Instant::now());
        }
        self.drop_current();
        self.retry = Some(tokio::time::Instant::now() + self.backoff.pause());
    }

    /// Drops a connection on which a call was abandoned half way.
    pub fn drop_current(&mut self) {
        self.connection = None;
        self.share.give_up();
    }

    /// Notes that the server has answered.
    pub fn note_answer(&mut self, scan: &ScanKey) {
        if self.lost.take().is_some() {
            tracing::info!(%scan, "connected to Redis again");
        }
        self.backoff.reset();
    }

    /// Since when there is no connection.
    pub fn lost_since(&self) -> Option<Instant> {
        self.lost
    }
}
