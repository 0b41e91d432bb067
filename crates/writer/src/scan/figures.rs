//! Reports the saving of one scan to the observation of the process.

use std::sync::Arc;
use std::time::Duration;

use observation::{
    ErrorKind, LagReport, LiveReport, Observation, ScanEnding, ScanOutcome, SessionFigures,
    Stopwatch,
};

use crate::source::{LossReason, ScanSummary, SourceEvent};

/// The session name under which scans without a known BLISS session are counted.
const NO_SESSION: &str = "unknown";

/// Counts a scan as running until it is dropped, and lists it.
#[derive(Debug)]
pub struct RunningGuard {
    session: Arc<SessionFigures>,
    live: LiveReport,
}

impl RunningGuard {
    /// Reports how the saving has ended.
    pub fn end(&self, outcome: ScanOutcome, reason: &str, duration: Duration) {
        self.live.end(ScanEnding {
            outcome,
            reason: reason.to_owned(),
            duration,
        });
    }
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.session.running.add(-1.0);
    }
}

/// The counters and timers of one scan, looked up once per scan. Clones share them.
#[derive(Debug, Clone)]
pub struct ScanFigures {
    observation: Arc<Observation>,
    session: Arc<SessionFigures>,
    scan_name: Arc<str>,
}

impl ScanFigures {
    /// Looks up the figures for a scan with this summary.
    pub fn new(observation: &Arc<Observation>, summary: &ScanSummary) -> ScanFigures {
        let session = summary.session.as_deref().unwrap_or(NO_SESSION);
        ScanFigures {
            session: observation.sessions.session(session),
            observation: observation.clone(),
            scan_name: summary.name.as_str().into(),
        }
    }

    /// Returns the figures of the session of the scan.
    pub fn session(&self) -> &Arc<SessionFigures> {
        &self.session
    }

    /// Returns the observation of the process.
    pub fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// Starts to measure a time. The stopwatch reads no clock while nobody reads the times.
    pub fn stopwatch(&self) -> Stopwatch {
        self.observation.stopwatch()
    }

    /// Counts the scan as running until the returned value is dropped, however its saving ends.
    pub fn running(&self, live: LiveReport) -> RunningGuard {
        self.session.running.add(1.0);
        RunningGuard {
            session: self.session.clone(),
            live,
        }
    }

    /// Creates the place of the scan among the lags of all scans.
    pub fn lag_report(&self) -> LagReport {
        LagReport::new(&self.observation, &self.session)
    }

    /// Counts the scan as continued from an earlier writer.
    pub fn resumed(&self) {
        self.session.resumed.increment();
    }

    /// Counts the points and bytes that the scan's source has delivered.
    pub fn received(&self, events: &[SourceEvent]) {
        let (mut points, mut bytes) = (0, 0);
        for event in events {
            match event {
                SourceEvent::Points(block) => {
                    points += block.count;
                    bytes += block.data.len() as u64;
                }
                SourceEvent::Texts(block) => {
                    points += block.count;
                    bytes += block.bytes() as u64;
                }
                _ => {}
            }
        }
        self.session.points_received.add(points);
        self.session.bytes_received.add(bytes);
    }

    /// Counts points that have been written.
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

    /// Counts the scan as ended.
    pub fn ended(&self, outcome: ScanOutcome, duration: Duration) {
        self.session.ended(outcome, duration);
        if outcome != ScanOutcome::Skipped {
            self.observation.last_scan.set(&self.scan_name, outcome);
        }
    }
}
