//! What the saving of one scan reports to the observation of the process.

use std::sync::Arc;
use std::time::Duration;

use observation::{ErrorKind, Observation, ScanOutcome, SessionFigures, Stopwatch};

use crate::report::Outcome;
use crate::source::{LossReason, ScanSummary, SourceEvent};

/// The name under which scans are counted whose BLISS session is not known.
const NO_SESSION: &str = "unknown";

/// A scan that is being saved, as long as this exists.
#[derive(Debug)]
pub struct RunningGuard(Arc<SessionFigures>);

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.running.add(-1.0);
    }
}

/// Where one scan reports what it does; looked up once per scan. Clones are the same.
#[derive(Debug, Clone)]
pub struct ScanFigures {
    observation: Arc<Observation>,
    session: Arc<SessionFigures>,
}

impl ScanFigures {
    /// Looks up where a scan of this summary reports.
    pub fn new(observation: &Arc<Observation>, summary: &ScanSummary) -> ScanFigures {
        let session = summary.session.as_deref().unwrap_or(NO_SESSION);
        ScanFigures {
            session: observation.sessions.session(session),
            observation: observation.clone(),
        }
    }

    /// The observation of the process.
    pub fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// Starts to measure a time, if somebody watches.
    pub fn stopwatch(&self) -> Stopwatch {
        self.observation.stopwatch()
    }

    /// Counts the scan as running until the returned value is dropped, however its saving ends.
    pub fn running(&self) -> RunningGuard {
        self.session.running.add(1.0);
        RunningGuard(self.session.clone())
    }

    /// The scan is continued from what an earlier writer has left.
    pub fn resumed(&self) {
        self.session.resumed.increment();
    }

    /// Counts what came from the scan's source.
    pub fn received(&self, events: &[SourceEvent]) {
        let (mut points, mut bytes) = (0, 0);
        for event in events {
            if let SourceEvent::Points(block) = event {
                points += block.count;
                bytes += block.data.len() as u64;
            }
        }
        self.session.points_received.add(points);
        self.session.bytes_received.add(bytes);
    }

    /// Counts points that are in a file from now on.
    pub fn written(&self, points: u64) {
        self.session.points_written.add(points);
    }

    /// Counts points that are lost.
    pub fn lost(&self, reason: &LossReason, points: u64) {
        self.session.lost(reason.cause()).add(points);
    }

    /// Counts a warning.
    pub fn warned(&self) {
        self.session.warnings.increment();
    }

    /// Counts a failure.
    pub fn failed(&self, kind: ErrorKind) {
        self.observation.failures.count(kind);
    }

    /// The saving of the scan has ended.
    pub fn ended(&self, outcome: Outcome, duration: Duration) {
        let outcome = match outcome {
            Outcome::Skipped => ScanOutcome::Skipped,
            Outcome::Complete => ScanOutcome::Complete,
            Outcome::Incomplete => ScanOutcome::Incomplete,
            Outcome::Failed => ScanOutcome::Failed,
        };
        self.session.ended(outcome, duration);
    }
}
