//! Marks of scans whose unread points are on the disk of one host: writers on other hosts leave them alone.

use redis_client::{Command, RedisError, Value};

use super::{DataStore, ScanKey, StoreError, host_name};

/// Seconds for which a mark lasts that is not renewed: as long as a scan is tried again.
const MARK_LIFE: u64 = 24 * 3600;

impl DataStore {
    /// Marks a scan as spooled on this host.
    ///
    /// # Errors
    /// If Redis cannot be asked, or refuses.
    pub async fn mark_spooled(&self, scan: &ScanKey) -> Result<(), StoreError> {
        let command = Command::new("SET").arg(mark_key(scan)).arg(host_name());
        self.write(&command.arg("EX").arg(MARK_LIFE)).await?;
        Ok(())
    }

    /// Removes the mark of a scan that is no longer spooled.
    ///
    /// # Errors
    /// If Redis cannot be asked. Then the mark runs out.
    pub async fn unmark_spooled(&self, scan: &ScanKey) -> Result<(), RedisError> {
        // Nothing is created, so the store need not be initialised.
        self.call_once(&Command::new("DEL").arg(mark_key(scan)))
            .await?;
        Ok(())
    }
}

/// Returns the command that asks for the mark of a scan.
pub fn spool_mark(scan: &ScanKey) -> Command {
    Command::new("GET").arg(mark_key(scan))
}

/// Returns the host that a mark names, if it is another one than this.
pub fn other_host(mark: &Value) -> Option<String> {
    let host = mark.as_str().map(str::to_owned);
    host.filter(|host| *host != host_name())
}

fn mark_key(scan: &ScanKey) -> String {
    format!("nexus-writer:spool:{scan}")
}
