//! Scans that a device has accepted and not saved yet. Redis keeps them, so that the next writer finds them
//! if this one dies.

use blissdata::store::{DataStore, ScanKey};
use redis_client::{Command, Value};
use tracing::warn;
use writer::subscriber::with_causes;

/// The scans that one device has accepted and not saved yet. Tango ensures that a device has one writer at a
/// time.
#[derive(Debug, Clone)]
pub struct PendingRequests {
    /// Key of a set in Redis.
    set: String,
}

impl PendingRequests {
    /// The pending requests of a device.
    pub fn of_device(device: &str) -> PendingRequests {
        PendingRequests {
            set: format!("nexus-writer:requests:{}", device.to_lowercase()),
        }
    }

    /// Adds a scan that was accepted.
    pub async fn add(&self, store: &DataStore, key: &ScanKey) {
        let stored = store.call(&self.command("SADD", key)).await;
        if let Err(error) = stored {
            let error = with_causes(&error);
            warn!(scan = %key, "would be forgotten if the writer died: {error}");
        }
    }

    /// Removes a scan that was saved as far as possible.
    pub async fn remove(&self, store: &DataStore, key: &ScanKey) {
        let stored = store.call(&self.command("SREM", key)).await;
        if let Err(error) = stored {
            let error = with_causes(&error);
            warn!(scan = %key, "may be looked at again after a restart: {error}");
        }
    }

    /// Returns the scans that were accepted and not saved, in the order in which they were created.
    pub async fn list(&self, store: &DataStore) -> Vec<ScanKey> {
        let reply = store.call(&Command::new("SMEMBERS").arg(&self.set)).await;
        let reply = reply.unwrap_or_else(|error| {
            let error = with_causes(&error);
            warn!("cannot ask for the scans that a writer may have left: {error}");
            Value::Array(Vec::new())
        });
        let keys = reply.as_array().unwrap_or_default().iter();
        let mut keys: Vec<_> = keys
            .filter_map(|key| ScanKey::new(key.as_str()?).ok())
            .collect();
        // Keys sort in the order in which they were created.
        keys.sort();
        keys
    }

    fn command(&self, name: &str, key: &ScanKey) -> Command {
        Command::new(name).arg(&self.set).arg(key.as_str())
    }
}
