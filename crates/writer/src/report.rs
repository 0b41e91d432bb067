//! What became of a scan: one answer to "are my data saved?".

pub mod figures;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use blissdata::store::ScanKey;

/// How the saving of a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The scan is not to be saved.
    Skipped,
    /// All that was published is in the files.
    Complete,
    /// Files were written, but something is missing in them; the reason tells what.
    Incomplete,
    /// Nothing could be saved.
    Failed,
}

impl Outcome {
    /// The name that clients see.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Skipped => "SKIPPED",
            Outcome::Complete => "COMPLETE",
            Outcome::Incomplete => "INCOMPLETE",
            Outcome::Failed => "FAILED",
        }
    }
}

/// The end of one scan.
#[derive(Debug, Clone)]
pub struct ScanReport {
    /// The scan.
    pub key: ScanKey,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it is not complete, or that it is.
    pub reason: String,
    /// Files written.
    pub files: Vec<PathBuf>,
    /// Points written, summed over the datasets.
    pub points: u64,
    /// Bytes of these points.
    pub bytes: u64,
    /// Time from the start of saving to the end.
    pub duration: Duration,
    /// All that went wrong, in order.
    pub warnings: Vec<String>,
}

/// Figures of a scan that is being saved, readable from any thread.
#[derive(Debug, Default)]
pub struct Progress {
    points: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// Counts points that a dataset took.
    pub fn add(&self, points: u64, bytes: u64) {
        self.points.fetch_add(points, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Points taken so far, summed over the datasets.
    pub fn points(&self) -> u64 {
        self.points.load(Ordering::Relaxed)
    }

    /// Bytes of these points.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
