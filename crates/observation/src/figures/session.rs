//! Scans and their data, by BLISS session.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::histogram::Histogram;
use crate::number::{Counter, Gauge};

/// Sessions that have figures of their own. Names of sessions come from outside, so their number has
/// to be limited.
pub const MAX_SESSIONS: usize = 64;

/// The name under which the figures of all further sessions are added up.
pub const OTHER_SESSIONS: &str = "other";

/// How the saving of a scan ended, from the best outcome to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScanOutcome {
    /// The scan is not to be saved.
    Skipped,
    /// Everything that was published is in the files.
    Complete,
    /// Files were written, but something is missing in them.
    Incomplete,
    /// Nothing could be saved.
    Failed,
}

impl ScanOutcome {
    /// All outcomes.
    pub const ALL: [ScanOutcome; 4] = [
        ScanOutcome::Skipped,
        ScanOutcome::Complete,
        ScanOutcome::Incomplete,
        ScanOutcome::Failed,
    ];

    /// Returns the name of the outcome in reports.
    pub fn name(self) -> &'static str {
        match self {
            ScanOutcome::Skipped => "SKIPPED",
            ScanOutcome::Complete => "COMPLETE",
            ScanOutcome::Incomplete => "INCOMPLETE",
            ScanOutcome::Failed => "FAILED",
        }
    }

    /// Returns the value of a metric's label for the outcome.
    pub fn label(self) -> &'static str {
        match self {
            ScanOutcome::Skipped => "skipped",
            ScanOutcome::Complete => "complete",
            ScanOutcome::Incomplete => "incomplete",
            ScanOutcome::Failed => "failed",
        }
    }
}

/// Why points are missing in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LossCause {
    /// Redis has dropped them to save memory.
    Trimmed,
    /// The key of the stream has expired or was deleted.
    Expired,
    /// What Redis holds does not fit the declared type.
    Corrupt,
    /// They could not be stored in the file.
    File,
    /// Anything else.
    Other,
}

impl LossCause {
    /// All causes.
    pub const ALL: [LossCause; 5] = [
        LossCause::Trimmed,
        LossCause::Expired,
        LossCause::Corrupt,
        LossCause::File,
        LossCause::Other,
    ];

    /// Returns the name of the cause in metrics.
    pub fn name(self) -> &'static str {
        match self {
            LossCause::Trimmed => "trimmed",
            LossCause::Expired => "expired",
            LossCause::Corrupt => "corrupt",
            LossCause::File => "file",
            LossCause::Other => "other",
        }
    }
}

/// The scans of one BLISS session.
#[derive(Debug)]
pub struct SessionFigures {
    /// Scans that are being saved.
    pub running: Gauge,
    /// Scans that were continued from what an earlier writer had left.
    pub resumed: Counter,
    /// Warnings about scans.
    pub warnings: Counter,
    /// Points that came from Redis.
    pub points_received: Counter,
    /// Points that are in files.
    pub points_written: Counter,
    /// Bytes of points that came from Redis.
    pub bytes_received: Counter,
    /// Bytes that were given to HDF5, after encoding.
    pub bytes_written: Counter,
    /// Points that were published and are not in files yet, of all running scans.
    pub lag_points: Gauge,
    /// Age in seconds of the oldest published point that is not in a file yet.
    pub lag_seconds: Gauge,
    scans: [Counter; ScanOutcome::ALL.len()],
    durations: [Histogram; ScanOutcome::ALL.len()],
    lost: [Counter; LossCause::ALL.len()],
}

impl SessionFigures {
    /// Counts a scan whose saving has ended.
    pub fn ended(&self, outcome: ScanOutcome, duration: Duration) {
        self.scans[outcome as usize].increment();
        self.durations[outcome as usize].observe(duration);
    }

    /// Returns how many scans ended so.
    pub fn scans(&self, outcome: ScanOutcome) -> u64 {
        self.scans[outcome as usize].get()
    }

    /// Returns how long the saving of scans took that ended so.
    pub fn duration(&self, outcome: ScanOutcome) -> &Histogram {
        &self.durations[outcome as usize]
    }

    /// Returns the number of points that are missing for a cause.
    pub fn lost(&self, cause: LossCause) -> &Counter {
        &self.lost[cause as usize]
    }
}

impl Default for SessionFigures {
    fn default() -> SessionFigures {
        let duration = || Histogram::new(Duration::from_millis(100), 3);
        SessionFigures {
            running: Gauge::default(),
            resumed: Counter::default(),
            warnings: Counter::default(),
            points_received: Counter::default(),
            points_written: Counter::default(),
            bytes_received: Counter::default(),
            bytes_written: Counter::default(),
            lag_points: Gauge::default(),
            lag_seconds: Gauge::default(),
            scans: Default::default(),
            durations: std::array::from_fn(|_| duration()),
            lost: Default::default(),
        }
    }
}

/// The figures of all sessions, at most [`MAX_SESSIONS`] of them and one for the rest.
#[derive(Debug, Default)]
pub struct SessionTable(Mutex<BTreeMap<String, Arc<SessionFigures>>>);

impl SessionTable {
    /// Returns the figures of a session, which are 0 when it is named for the first time. To be called
    /// once per scan and kept.
    pub fn session(&self, name: &str) -> Arc<SessionFigures> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(figures) = sessions.get(name) {
            return figures.clone();
        }
        let own = sessions.keys().filter(|name| *name != OTHER_SESSIONS);
        let name = match own.count() < MAX_SESSIONS {
            true => name,
            false => OTHER_SESSIONS,
        };
        sessions.entry(name.to_owned()).or_default().clone()
    }

    /// Returns all sessions that were named until now, in the order of their names.
    pub fn all(&self) -> Vec<(String, Arc<SessionFigures>)> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sessions = sessions.iter();
        sessions
            .map(|(name, figures)| (name.clone(), figures.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_sessions_is_limited() {
        let table = SessionTable::default();
        for number in 0..MAX_SESSIONS + 10 {
            let session = table.session(&format!("session{number}"));
            session.ended(ScanOutcome::Complete, Duration::from_secs(1));
        }
        let all = table.all();
        assert_eq!(all.len(), MAX_SESSIONS + 1);
        let other = table.session(OTHER_SESSIONS);
        assert_eq!(other.scans(ScanOutcome::Complete), 10);
        let known = table.session("session3");
        assert_eq!(known.scans(ScanOutcome::Complete), 1);
        assert_eq!(known.scans(ScanOutcome::Failed), 0);
    }
}
