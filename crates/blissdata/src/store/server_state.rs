//! What the server of a data store says about itself.

use redis_client::{Command, RedisError, ServerError, ServerMemory, Value};

use super::{DataStore, PROTOCOL_VERSION, PROTOCOL_VERSION_KEY};

/// The stream in which the memory tracker notes how far each stream was published at what time (blissdata 2.4.5).
const MEMORY_TRACKING_KEY: &str = "_MEMORY_TRACKING_";

/// The state of a server as a data store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerState {
    /// Version of the protocol, or `None` if the database is not initialised.
    pub protocol_version: Option<String>,
    /// Memory that the server uses, in bytes.
    pub used_memory: u64,
    /// Memory that the server may use, in bytes, or `None` if there is no limit.
    pub max_memory: Option<u64>,
    /// What the server does when the limit is reached: `noeviction` if it refuses to take more, otherwise
    /// which keys it drops.
    pub eviction_policy: String,
    /// Whether the memory tracker of BLISS has been at work: it drops old points before the limit is reached.
    pub has_memory_tracker: bool,
}

impl ServerState {
    /// Returns `true` if the store is initialised and speaks the version of the protocol that we know.
    pub fn is_usable(&self) -> bool {
        let version = self.protocol_version.as_deref();
        version.and_then(|text| text.trim().parse().ok()) == Some(PROTOCOL_VERSION)
    }
}

impl DataStore {
    /// Asks how the server is, all at once. If the store is [observed](Self::observed), the memory is
    /// reported too.
    ///
    /// # Errors
    /// If Redis cannot be asked, or does not allow it.
    pub async fn server_state(&self) -> Result<ServerState, RedisError> {
        let commands = [
            ServerMemory::command(),
            Command::new("GET").arg(PROTOCOL_VERSION_KEY),
            Command::new("EXISTS").arg(MEMORY_TRACKING_KEY),
        ];
        let replies = self.pipeline(&commands).await?;
        let mut replies = replies.into_iter().zip(&commands);
        let mut next = || match replies.next() {
            Some((reply, command)) => self.good(reply, command),
            None => Ok(Value::Nil),
        };
        let (memory, version, tracker) = (next()?, next()?, next()?);
        let memory = ServerMemory::of_reply(&memory);
        let memory = memory.map_err(|reason| self.unexpected_reply("INFO", reason))?;
        let state = ServerState {
            protocol_version: version
                .as_bytes()
                .map(|text| String::from_utf8_lossy(text).into_owned()),
            used_memory: memory.used,
            max_memory: memory.limit,
            eviction_policy: memory.eviction_policy,
            has_memory_tracker: tracker.as_int() == Some(1),
        };
        if let Some(observation) = self.shared.connection.observation() {
            let redis = &observation.redis;
            redis.memory_used.set(state.used_memory as f64);
            redis.memory_limit.set(state.max_memory.unwrap_or(0) as f64);
        }
        Ok(state)
    }

    fn good(
        &self,
        reply: Result<Value, ServerError>,
        command: &Command,
    ) -> Result<Value, RedisError> {
        reply.map_err(|source| RedisError::Server {
            server: self.url().to_string(),
            command: command.name().to_owned(),
            source,
        })
    }

    pub(super) fn unexpected_reply(&self, command: &str, reason: &str) -> RedisError {
        RedisError::Unexpected {
            server: self.url().to_string(),
            command: command.to_owned(),
            reason: reason.to_owned(),
        }
    }
}
