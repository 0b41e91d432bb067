//! How long things took, in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Measures one time, or nothing while the observation is not watched.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Stopwatch(Option<Instant>);

impl Stopwatch {
    /// Starts to measure now.
    pub fn started() -> Stopwatch {
        Stopwatch(Some(Instant::now()))
    }

    /// Measures nothing.
    pub fn idle() -> Stopwatch {
        Stopwatch(None)
    }

    /// Returns the time since the start, or `None` if nothing is measured.
    pub fn elapsed(self) -> Option<Duration> {
        self.0.map(|start| start.elapsed())
    }
}

/// Most buckets that a histogram has, the last one included.
const BUCKETS: usize = 16;

/// Counts times by their length. The upper bounds of the buckets are a geometric sequence.
#[derive(Debug)]
pub struct Histogram {
    first: Duration,
    factor: u32,
    counts: [AtomicU64; BUCKETS],
    /// Sum of all times, in nanoseconds.
    sum: AtomicU64,
}

impl Histogram {
    /// Creates a histogram whose first bucket ends at `first`, each further one at `factor` times the
    /// one before. Longer times than the last bound are counted without one.
    pub const fn new(first: Duration, factor: u32) -> Histogram {
        Histogram {
            first,
            factor,
            counts: [const { AtomicU64::new(0) }; BUCKETS],
            sum: AtomicU64::new(0),
        }
    }

    /// Counts the time that a stopwatch has measured, if it has.
    pub fn record(&self, stopwatch: Stopwatch) {
        if let Some(elapsed) = stopwatch.elapsed() {
            self.observe(elapsed);
        }
    }

    /// Counts a time.
    pub fn observe(&self, time: Duration) {
        let bucket = self.bounds().take_while(|bound| time > *bound).count();
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.sum.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Returns what was counted until now. Times that are being counted meanwhile may be missing in
    /// some of the figures.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let counts = self
            .counts
            .each_ref()
            .map(|count| count.load(Ordering::Relaxed));
        let bounds = self.bounds().map(Some).chain([None]);
        HistogramSnapshot {
            buckets: bounds.zip(counts).collect(),
            count: counts.iter().sum(),
            sum: Duration::from_nanos(self.sum.load(Ordering::Relaxed)),
        }
    }

    fn bounds(&self) -> impl Iterator<Item = Duration> {
        let next = |bound: &Duration| Some(bound.saturating_mul(self.factor));
        std::iter::successors(Some(self.first), next).take(BUCKETS - 1)
    }
}

/// What a [`Histogram`] had counted at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramSnapshot {
    /// For each bucket its inclusive upper bound, `None` for the last one, and the times in it alone.
    pub buckets: Vec<(Option<Duration>, u64)>,
    /// Number of times.
    pub count: u64,
    /// Sum of all times.
    pub sum: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_bucket_that_it_ends() {
        let histogram = Histogram::new(Duration::from_millis(1), 10);
        for milliseconds in [0, 1, 2, 10, 11] {
            histogram.observe(Duration::from_millis(milliseconds));
        }
        histogram.observe(Duration::MAX);
        let snapshot = histogram.snapshot();
        let counts: Vec<u64> = snapshot.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts[..4], [2, 2, 1, 0]);
        assert_eq!(snapshot.buckets[1].0, Some(Duration::from_millis(10)));
        assert_eq!(snapshot.buckets.last(), Some(&(None, 1)));
        assert_eq!(snapshot.count, 6);
    }

    #[test]
    fn an_idle_stopwatch_counts_nothing() {
        let histogram = Histogram::new(Duration::from_millis(1), 10);
        histogram.record(Stopwatch::idle());
        assert_eq!(histogram.snapshot().count, 0);
        histogram.record(Stopwatch::started());
        assert_eq!(histogram.snapshot().count, 1);
    }
}
