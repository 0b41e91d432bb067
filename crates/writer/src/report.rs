//! The report of a scan: one answer to "are my data saved?".

pub mod figures;
mod progress;
mod stream_lag;
mod warnings;

use std::path::PathBuf;
use std::time::Duration;

use crate::source::ScanId;

pub use observation::ScanOutcome;

pub(crate) use progress::DatasetCounter;
pub use progress::{ScanProgress, SubscanProgress};
pub(crate) use stream_lag::StreamFigures;
pub use stream_lag::StreamLag;
pub use warnings::Warnings;

/// The reason of a scan that is complete.
pub(crate) const SAVING_COMPLETE: &str = "saving complete";

/// The report of a scan whose saving has ended.
#[derive(Debug, Clone)]
pub struct ScanReport {
    /// The scan.
    pub scan: ScanId,
    /// How it ended.
    pub outcome: ScanOutcome,
    /// Why it is not complete, or a statement that it is.
    pub reason: String,
    /// Files written.
    pub files: Vec<PathBuf>,
    /// Points written, summed over the datasets.
    pub points: u64,
    /// Bytes of these points.
    pub bytes: u64,
    /// Time from the start of saving to the end.
    pub duration: Duration,
    /// All warnings and problems, in order.
    pub warnings: Vec<String>,
}

/// Joins the lines of a text for the log, which has one line for each event.
pub(crate) fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.join("; ")
}
