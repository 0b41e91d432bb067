//! Spools: data of scans that are kept on this host because their server is about to drop them.

use async_trait::async_trait;
use serde_json::Value as Json;

use super::ScanSummary;

/// The spool of one scan, which this process has until it is dropped. It may be empty.
///
/// The [source](super::ScanSource) of the scan takes from it what the server has lost.
#[async_trait(?Send)]
pub trait ScanSpool {
    /// Records what `unread` lists, and asks it again and again. Never returns.
    async fn record(&self, unread: Box<dyn Fn() -> Vec<UnreadStream>>);

    /// Returns where the spool is, for messages.
    fn place(&self) -> String;
}

/// A stream of which something is in no file yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadStream {
    /// Name of the stream.
    pub name: String,
    /// Index of the first point that is in no file.
    pub from: u64,
    /// Set if these are points of numbers. Of other streams everything is needed until the scan has ended.
    pub is_points: bool,
}

/// A scan whose spool no process has.
#[derive(Debug)]
pub struct SpooledScan {
    /// What was recorded of its identity.
    pub summary: ScanSummary,
    /// Its info, as far as it was recorded.
    pub info: Json,
}
