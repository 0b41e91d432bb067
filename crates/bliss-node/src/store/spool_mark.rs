//! Marks of scans whose unread points are on the disk of one host: writers on other hosts leave them alone.

use coordination::{GuardedStore as _, host_name};
use redis_client::Command;

use super::NodeStore;
use crate::error::NodeError;
use crate::key::NodeKey;

/// Seconds for which a mark lasts that is not renewed: as long as a scan is tried again.
const MARK_LIFE: u64 = 24 * 3600;

/// The script that sets a mark.
const MARK: &str = "return redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])";

impl NodeStore {
    /// Marks a scan as spooled on this host.
    ///
    /// # Errors
    /// If the server cannot be asked, or refuses.
    pub async fn mark_spooled(&self, scan: &NodeKey) -> Result<(), NodeError> {
        let key = mark_key(scan);
        let marked = self.call_guarded(|guard| {
            let command = guard.script(MARK, &[&key]).arg(host_name());
            command.arg(MARK_LIFE)
        });
        marked.await.map(|_| ())
    }

    /// Removes the mark of a scan that is no longer spooled.
    ///
    /// # Errors
    /// If the server cannot be asked. Then the mark runs out.
    pub async fn unmark_spooled(&self, scan: &NodeKey) -> Result<(), NodeError> {
        // Nothing is created, so there need not be nodes.
        let command = Command::new("DEL").arg(mark_key(scan));
        self.shared.connection.call_once(&command).await?;
        Ok(())
    }

    /// Returns the host that has unread points of the scan in a spool, if it is another one than this.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub async fn spooled_on(&self, scan: &NodeKey) -> Result<Option<String>, NodeError> {
        let command = Command::new("GET").arg(mark_key(scan));
        let mark = self.shared.connection.call(&command).await?;
        let host = mark.as_str().map(str::to_owned);
        Ok(host.filter(|host| *host != host_name()))
    }
}

fn mark_key(scan: &NodeKey) -> String {
    format!("nexus-writer:spool:{scan}")
}
