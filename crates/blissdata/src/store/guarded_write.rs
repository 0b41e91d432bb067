//! Writing into a data store, and only into one that is initialised.

use redis_client::{Command, RedisError, Value};

use super::{DataStore, PROTOCOL_VERSION, PROTOCOL_VERSION_KEY, StoreError};

/// Runs a command if the data store has the version of the protocol that we know.
///
/// Redis runs a script as one step. A version that was asked for before could be out of date, because the
/// server may lose its data at any time.
const SCRIPT: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then \
                      return redis.error_reply('UNINITIALISED') end \
                      return redis.call(unpack(ARGV, 2))";

/// The reply of [`SCRIPT`] if the store has another version, or none.
const UNINITIALISED: &str = "UNINITIALISED";

impl DataStore {
    /// Sends a command that creates or changes keys, once, if the store is initialised. A database that
    /// blissdata is about to initialise must be empty, so nothing may be written there before.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if the store is not initialised or speaks another version of the
    /// protocol, and an error of Redis if the server cannot be asked or refuses the command.
    pub async fn write(&self, command: &Command) -> Result<Value, StoreError> {
        let guarded = Command::new("EVAL")
            .arg(SCRIPT)
            .arg(1)
            .arg(PROTOCOL_VERSION_KEY)
            .arg(PROTOCOL_VERSION)
            .wrapping(command);
        self.call_guarded(&guarded).await
    }

    /// Sends a script that checks the version itself.
    pub(super) async fn call_guarded(&self, script: &Command) -> Result<Value, StoreError> {
        match self.call_once(script).await {
            Err(RedisError::Server { server, source, .. })
                if source.text().contains(UNINITIALISED) =>
            {
                Err(StoreError::NotInitialised { server })
            }
            reply => Ok(reply?),
        }
    }
}
