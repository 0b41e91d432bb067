//! A data store as one whose scans and files writers share.

use std::path::Path;

use coordination::{
    GuardedStore, HistoryStore, ReleaseQueue, StoreFailure, WriteGuard, entry_field,
};
use redis_client::{Command, Connection, RedisError, SharedConnection, Value};

use super::{
    ClaimError, DataStore, FileClaim, PROTOCOL_VERSION, PROTOCOL_VERSION_KEY, ScanKey, StoreError,
    check_version, version_command,
};

/// The stream of all scans.
pub(super) const HISTORY_KEY: &str = "_SCAN_HISTORY_";

/// Whether the store does not have the version of the protocol that we know.
const IS_NOT_OURS: &str = "redis.call('GET', KEYS[1]) ~= ARGV[1]";

impl DataStore {
    /// Sends a command that creates or changes keys, once, if the store is initialised. A database that
    /// blissdata is about to initialise must be empty, so nothing may be written there before.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if the store is not initialised or speaks another version of the
    /// protocol, and an error of Redis if the server cannot be asked or refuses the command.
    pub async fn write(&self, command: &Command) -> Result<Value, StoreError> {
        GuardedStore::write(self, command).await
    }

    /// Claims a file for this process. Somebody has to [maintain](FileClaim::maintain) the claim.
    ///
    /// # Errors
    /// [`ClaimError::Held`] if another process has the claim and is not known to be dead.
    pub async fn claim_file(&self, file: &Path) -> Result<FileClaim, ClaimError> {
        FileClaim::claim(self, file).await
    }
}

impl GuardedStore for DataStore {
    type Error = StoreError;

    fn connection(&self) -> &SharedConnection {
        &self.shared.connection
    }

    fn release_queue(&self) -> &ReleaseQueue {
        &self.shared.release_queue
    }

    async fn call_guarded(
        &self,
        script: impl Fn(&WriteGuard) -> Command + Send + Sync,
    ) -> Result<Value, StoreError> {
        let version = PROTOCOL_VERSION.to_string();
        let guard = WriteGuard::new(IS_NOT_OURS, PROTOCOL_VERSION_KEY, &version);
        match self.call_once(&script(&guard)).await {
            Err(error) if WriteGuard::has_refused(&error) => Err(StoreError::NotInitialised {
                server: self.url().to_string(),
            }),
            reply => Ok(reply?),
        }
    }
}

impl HistoryStore for DataStore {
    type Scan = ScanKey;

    fn history_key(&self) -> &str {
        HISTORY_KEY
    }

    fn scan_of_fields(fields: &[Value]) -> Option<ScanKey> {
        let key = entry_field(fields, "key")?.as_str()?;
        ScanKey::new(key).ok()
    }

    fn was_empty(&self) -> bool {
        DataStore::was_empty(self)
    }

    async fn open_history(&self) -> Result<Connection, StoreError> {
        let mut connection = self.open().await?;
        let found = connection.call(&version_command()).await?;
        check_version(connection.server(), found)?;
        Ok(connection)
    }
}

impl StoreFailure for StoreError {
    fn is_final(&self) -> bool {
        StoreError::is_final(self)
    }

    fn redis(&self) -> Option<&RedisError> {
        match self {
            StoreError::Redis(error) => Some(error),
            _ => None,
        }
    }
}
