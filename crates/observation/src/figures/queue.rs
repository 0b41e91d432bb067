//! Queues that have a budget of bytes.

use std::time::Duration;

use crate::histogram::Stopwatch;
use crate::number::{Counter, Gauge};

/// A queue, or several that share a budget.
#[derive(Debug, Default)]
pub struct QueueFigures {
    /// Bytes in the queue.
    pub used: Gauge,
    /// Bytes that the queue may hold.
    pub limit: Gauge,
    waited: Counter,
}

impl QueueFigures {
    /// Counts a time in which somebody waited for room.
    pub fn waited(&self, stopwatch: Stopwatch) {
        if let Some(time) = stopwatch.elapsed() {
            let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            self.waited.add(nanoseconds);
        }
    }

    /// Returns the time in which somebody waited for room, while somebody watched.
    pub fn time_waited(&self) -> Duration {
        Duration::from_nanos(self.waited.get())
    }
}
