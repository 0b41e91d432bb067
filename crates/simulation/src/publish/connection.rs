//! The connection over which a scan is published.

use std::collections::{HashMap, VecDeque};

use blissdata::store::ScanKey;
use redis_client::{Command, Connection, RedisError, ServerError, Value};

use super::error::PublishError;

/// Bytes that are gathered before they are sent.
const GATHERED: usize = 64 << 10;
/// Entries whose replies may be due.
const MAX_DUE: usize = 10_000;

/// One connection shared by the streams of a scan. Entries are sent without waiting for the
/// replies to earlier ones; a reply that is an error is kept for the stream that it is about.
pub(super) struct PublisherConnection {
    connection: Connection,
    /// The streams whose entries have no reply yet, in their order.
    due: VecDeque<usize>,
    failures: HashMap<usize, ServerError>,
}

impl PublisherConnection {
    pub(super) fn new(connection: Connection) -> PublisherConnection {
        PublisherConnection {
            connection,
            due: VecDeque::new(),
            failures: HashMap::new(),
        }
    }

    /// Queues `entry` of `stream`; sends when enough has been gathered.
    pub(super) async fn add(&mut self, stream: usize, entry: &Command) -> Result<(), RedisError> {
        self.connection.queue(entry);
        self.due.push_back(stream);
        if self.connection.unsent() >= GATHERED {
            self.flush().await?;
        }
        while self.due.len() > MAX_DUE {
            let reply = self.connection.receive().await?;
            self.settle(reply);
        }
        Ok(())
    }

    /// Sends what was gathered and takes the replies that are there.
    pub(super) async fn flush(&mut self) -> Result<(), RedisError> {
        self.connection.flush().await?;
        while let Some(reply) = self.connection.try_receive()? {
            self.settle(reply);
        }
        Ok(())
    }

    /// Sends what was gathered and waits for all replies.
    pub(super) async fn drain(&mut self) -> Result<(), RedisError> {
        while !self.due.is_empty() {
            let reply = self.connection.receive().await?;
            self.settle(reply);
        }
        Ok(())
    }

    /// The first error about `stream`.
    pub(super) fn failure(&self, stream: usize) -> Option<&ServerError> {
        self.failures.get(&stream)
    }

    /// Asks, after all that was sent before has been answered.
    pub(super) async fn ask(
        &mut self,
        commands: &[Command],
    ) -> Result<Vec<Result<Value, ServerError>>, RedisError> {
        self.drain().await?;
        self.connection.pipeline(commands).await
    }

    /// Runs `commands` as one transaction and returns their replies, none of which is an error.
    pub(super) async fn transact(
        &mut self,
        scan: &ScanKey,
        what: &'static str,
        commands: Vec<Command>,
    ) -> Result<Vec<Value>, PublishError> {
        let mut all = vec![Command::new("MULTI")];
        all.extend(commands);
        all.push(Command::new("EXEC"));
        let refused = |source| PublishError::Refused {
            scan: scan.clone(),
            what,
            source,
        };
        let mut last = Value::Nil;
        // The first error has the reason; that of EXEC only says that there was one.
        for reply in self.ask(&all).await? {
            last = reply.map_err(refused)?;
        }
        let Value::Array(replies) = last else {
            return Err(refused(ServerError::new(
                "the transaction was not executed",
            )));
        };
        match replies.iter().find_map(|reply| match reply {
            Value::Error(error) => Some(error.clone()),
            _ => None,
        }) {
            Some(error) => Err(refused(error)),
            None => Ok(replies),
        }
    }

    fn settle(&mut self, reply: Result<Value, ServerError>) {
        let stream = self.due.pop_front();
        if let (Some(stream), Err(error)) = (stream, reply) {
            self.failures.entry(stream).or_insert(error);
        }
    }
}
