//! Scans that a device has promised to save, noted in Redis until it has: a writer that dies leaves
//! them to the next one.

use blissdata::store::{DataStore, ScanKey};
use redis_client::{Command, Value};
use tracing::warn;

/// The scans that one device has promised to save. There is one writer for a device at a time: Tango
/// sees to that.
#[derive(Debug, Clone)]
pub struct Pledges {
    /// Key of a set in Redis.
    set: String,
}

impl Pledges {
    /// Those of a device.
    pub fn of(device: &str) -> Pledges {
        Pledges {
            set: format!("nexus-writer:requests:{}", device.to_lowercase()),
        }
    }

    /// Notes a promise.
    pub async fn add(&self, store: &DataStore, key: &ScanKey) {
        let noted = store.call(&self.command("SADD", key)).await;
        if let Err(error) = noted {
            warn!(scan = %key, "would be forgotten if the writer died: {error}");
        }
    }

    /// Notes that a promise was kept, as far as it could be.
    pub async fn done(&self, store: &DataStore, key: &ScanKey) {
        let noted = store.call(&self.command("SREM", key)).await;
        if let Err(error) = noted {
            warn!(scan = %key, "may be looked at again after a restart: {error}");
        }
    }

    /// Promises that were not kept.
    pub async fn open(&self, store: &DataStore) -> Vec<ScanKey> {
        let asked = store.call(&Command::new("SMEMBERS").arg(&self.set)).await;
        let reply = asked.unwrap_or_else(|error| {
            warn!("cannot ask for the scans that a writer may have left: {error}");
            Value::Array(Vec::new())
        });
        let keys = reply.as_array().unwrap_or_default().iter();
        let mut keys: Vec<_> = keys
            .filter_map(|key| ScanKey::new(key.as_str()?).ok())
            .collect();
        // In the order in which they were created.
        keys.sort();
        keys
    }

    fn command(&self, name: &str, key: &ScanKey) -> Command {
        Command::new(name).arg(&self.set).arg(key.as_str())
    }
}
