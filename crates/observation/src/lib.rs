//! What the parts of the writer report about their work: counts, bytes, times, kinds of errors.
//!
//! There is one [`Observation`] per process (or per test), shared as an [`Arc`]. The
//! parts that do the work hold a clone and report into their section of it; metrics, the Tango
//! device and a web page read it. A reader never slows the work down: everything is an atomic number, or
//! behind a lock that is held for a look.
//!
//! | section | reported by |
//! |---|---|
//! | [`redis`](Observation::redis) | the connections to Redis |
//! | [`points`](Observation::points), [`chunks`](Observation::chunks) | the two queues that have a budget of bytes |
//! | [`encoder`](Observation::encoder) | the threads that compress chunks |
//! | [`hdf5`](Observation::hdf5) | the thread that calls HDF5: opening, writing, flushing, closing |
//! | [`sessions`](Observation::sessions) | listeners and writers of scans, by BLISS session |
//! | [`lags`](Observation::lags) | listeners of scans, once per second |
//! | [`last_scan`](Observation::last_scan) | writers of scans |
//! | [`group`](Observation::group), [`disks`](Observation::disks) | sessions, every 10 s |
//! | [`tango`](Observation::tango) | the Tango device server |
//! | [`scans`](Observation::scans) | writers of scans: each one with its channels, and the last ones that have ended |
//! | [`failures`](Observation::failures) | everything that fails, by kind of error |
//! | [`heartbeats`](Observation::heartbeats) | threads, once per second: whether the process is alive |
//! | [`readiness`](Observation::readiness) | parts that know of something that prevents the saving of scans |
//!
//! # Cost
//!
//! Counting is one relaxed atomic addition. Times are measured only while somebody
//! [watches](Observation::watch): a [`Stopwatch`] does not read the clock otherwise. Look a section up
//! once per scan or stream and keep it; report once per block or chunk, never once per point.
//!
//! # Errors
//!
//! Error types implement [`Classified`], which says what [kind](ErrorKind) an error is of and whether
//! the data, the environment or the user is [at fault](ErrorOrigin).
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use observation::{ErrorKind, Filter, Observation};
//!
//! let observation = Arc::new(Observation::default());
//! let watcher = Observation::watch(&observation);
//!
//! // A thread that compresses chunks reports each one.
//! let stopwatch = observation.stopwatch();
//! observation.encoder.filter(Filter::Deflate).encoded(stopwatch, 65_536, 9_120);
//! observation.failures.count(ErrorKind::DiskFull);
//!
//! // A page of metrics reads the figures.
//! let deflate = observation.encoder.filter(Filter::Deflate);
//! assert_eq!(deflate.bytes_in.get(), 65_536);
//! assert_eq!(deflate.duration.snapshot().count, 1);
//! assert_eq!(observation.failures.get(ErrorKind::DiskFull), 1);
//! drop(watcher);
//! ```

mod error;
mod figures;
mod heartbeat;
mod histogram;
mod number;
mod readiness;
mod scans;
mod written_bytes;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use error::{Classified, ErrorKind, ErrorOrigin, FailureCounts, with_causes};
pub use figures::disk::{DiskTable, MAX_DISKS};
pub use figures::encoder::{EncoderFigures, Filter, FilterFigures};
pub use figures::ended_scan::{EndedScan, LastScan};
pub use figures::group::{GroupFigures, GroupReport};
pub use figures::hdf5::{Hdf5Figures, Hdf5Stage};
pub use figures::lag::{LagReport, LagTable, ScanLag};
pub use figures::queue::QueueFigures;
pub use figures::redis::{ReconnectCause, RedisCommand, RedisFigures};
pub use figures::session::{
    LossCause, MAX_SESSIONS, OTHER_SESSIONS, ScanOutcome, SessionFigures, SessionTable,
};
pub use figures::tango::{CallFigures, TangoClass, TangoFigures};
pub use heartbeat::{
    HEARTBEAT_PERIOD, Heartbeat, Heartbeats, SILENCE_LIMIT, SILENCE_LIMIT_IN_CALLS, ThreadSilence,
};
pub use histogram::{Histogram, HistogramSnapshot, Stopwatch};
pub use number::{Counter, Gauge};
pub use readiness::{Check, CheckState, Readiness, ServicePhase};
pub use scans::{
    ChannelKind, ChannelOutline, FileSeries, FoundScan, KnownFile, LARGEST_SIDE, LiveBlock,
    LiveChannel, LiveMemory, LiveQueue, LiveReport, LiveScan, MAX_PAST_SCANS, NumberKind,
    NumberType, PastScan, PointBlock, ReferredFiles, STREAMS_WITH_DATA, Sample, ScanEnding,
    ScanEntry, ScanGrid, ScanNow, ScanOutline, ScanPlot, ScanRef, ScanTable, ScanView, StreamNow,
};
pub use written_bytes::WrittenBytes;

/// The place where every part of the writer reports what it does.
#[derive(Debug, Default)]
pub struct Observation {
    watchers: AtomicUsize,
    /// Connections to Redis.
    pub redis: RedisFigures,
    /// The queues of points between listeners and consumers, which share one budget.
    pub points: QueueFigures,
    /// Chunks that wait to be compressed or stored.
    pub chunks: QueueFigures,
    /// The threads that compress chunks.
    pub encoder: EncoderFigures,
    /// The thread that calls HDF5.
    pub hdf5: Hdf5Figures,
    /// Scans and their data, by BLISS session.
    pub sessions: SessionTable,
    /// How far the running scans are behind, of which the gauges of sessions are made.
    pub lags: LagTable,
    /// The scan whose saving ended last.
    pub last_scan: LastScan,
    /// The groups of writers that share scans.
    pub group: GroupFigures,
    /// The disks that scans are written to.
    pub disks: DiskTable,
    /// Scans that are being saved, one by one, and the last ones that were.
    pub scans: ScanTable,
    /// What clients ask Tango devices.
    pub tango: TangoFigures,
    /// Failures by kind of error.
    pub failures: FailureCounts,
    /// Whether the threads move.
    pub heartbeats: Heartbeats,
    /// Whether scans are taken and can be saved now.
    pub readiness: Readiness,
}

impl Observation {
    /// Has times measured until the returned value is dropped.
    pub fn watch(observation: &Arc<Observation>) -> Watcher {
        observation.watchers.fetch_add(1, Ordering::Relaxed);
        Watcher {
            observation: observation.clone(),
        }
    }

    /// Returns `true` if somebody watches, so that times are measured.
    pub fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// Starts to measure a time. The stopwatch reads no clock unless somebody watches.
    pub fn stopwatch(&self) -> Stopwatch {
        match self.is_watched() {
            true => Stopwatch::started(),
            false => Stopwatch::idle(),
        }
    }
}

/// Somebody who watches an [`Observation`]; as long as one exists, times are measured.
#[derive(Debug)]
pub struct Watcher {
    observation: Arc<Observation>,
}

impl Watcher {
    /// What is watched.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.observation.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_measured_only_while_observed() {
        let observation = Arc::new(Observation::default());
        let record = || {
            let stopwatch = observation.stopwatch();
            observation.hdf5.finished(Hdf5Stage::Flush, stopwatch);
            observation.hdf5.stage(Hdf5Stage::Flush).snapshot().count
        };
        assert_eq!(record(), 0);
        let first = Observation::watch(&observation);
        let second = Observation::watch(&observation);
        assert_eq!(record(), 1);
        drop(first);
        assert!(second.observation().is_watched());
        assert_eq!(record(), 2);
        drop(second);
        assert_eq!(record(), 2);
    }
}
