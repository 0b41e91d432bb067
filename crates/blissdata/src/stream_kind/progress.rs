//! Progress reports: the entries of streams of detectors that save their frames themselves.

use std::fmt::Debug;

use observation::with_causes;
use serde_json::Value;

use crate::json;

/// What a detector has reported: numbers of frames since the start of the scan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Frames acquired.
    pub acquired: u64,
    /// Frames that the detector has saved.
    pub saved: u64,
}

impl Progress {
    /// Returns the greater of both numbers. Reports may skip frames and even go back: only maxima count.
    pub fn max(self, other: Progress) -> Progress {
        Progress {
            acquired: self.acquired.max(other.acquired),
            saved: self.saved.max(other.saved),
        }
    }
}

/// Reads the progress reports of one stream.
pub trait ProgressReader: Debug + Send + Sync {
    /// Reads one entry of `points` reports and returns the furthest.
    ///
    /// # Errors
    /// If the payload is no report, what is wrong with it.
    fn read(&self, payload: &[u8], points: u64) -> Result<Progress, String>;
}

/// Reports that are one JSON object each, read by the function.
#[derive(Debug)]
pub(super) struct JsonReports(pub fn(&Value) -> Option<Progress>);

impl ProgressReader for JsonReports {
    fn read(&self, payload: &[u8], _: u64) -> Result<Progress, String> {
        let report = json::parse(payload).map_err(|error| with_causes(&error))?;
        (self.0)(&report.value).ok_or_else(|| "not a status".to_owned())
    }
}

/// Reads a report that has the indices of the last frames in these fields; an absent index means none.
pub(super) fn last_indices(report: &Value, acquired: &str, saved: &str) -> Option<Progress> {
    let report = report.as_object()?;
    let count = |field: &str| match report.get(field) {
        None => Some(0),
        Some(last) => u64::try_from(last.as_i64()?.checked_add(1)?).ok(),
    };
    Some(Progress {
        acquired: count(acquired)?,
        saved: count(saved)?,
    })
}
