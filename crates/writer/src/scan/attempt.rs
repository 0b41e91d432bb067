//! Attempts to save a scan: what the environment prevents is tried again, and silent scans are parked.

use std::time::{Duration, Instant};

use hub::Promise;

use crate::subscriber::Fault;

/// Pauses between two attempts, longer each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How the listener ended one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenerEnd {
    /// The scan was followed to its end, or must not be followed any further.
    Ended(Result<(), Fault>),
    /// The scan is silent: its files are to be closed as they are.
    Parked,
}

impl ListenerEnd {
    /// Returns how the listener ended.
    pub fn into_result(self) -> Result<(), Fault> {
        match self {
            ListenerEnd::Ended(end) => end,
            ListenerEnd::Parked => Ok(()),
        }
    }
}

/// The end of an attempt, and where the consumer reports whether it was the last one.
#[derive(Debug)]
pub struct AttemptEnd {
    /// How the listener ended it.
    pub end: ListenerEnd,
    /// Receives what follows.
    pub verdict: Promise<Verdict, Fault>,
}

/// What follows an attempt to save a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: the scan is saved as far as it ever will be.
    Final,
    /// Another attempt, once this is gone.
    TryAgain(Fault),
    /// Another attempt, once the scan publishes something.
    Continue,
}

/// How long a scan is tried again.
#[derive(Debug)]
pub struct AttemptClock {
    deadline: Option<Instant>,
    pause: Duration,
}

impl AttemptClock {
    /// Starts the clock of a scan that is given up after `retry_time`.
    pub fn new(retry_time: Duration) -> AttemptClock {
        AttemptClock {
            deadline: Instant::now().checked_add(retry_time),
            pause: FIRST_PAUSE,
        }
    }

    /// Returns `true` if there shall be no further attempt.
    pub fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Returns how long to wait before the next attempt, or `None` if there shall be none.
    pub fn pause(&mut self) -> Option<Duration> {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        match self.deadline {
            Some(deadline) => {
                let left = deadline.checked_duration_since(Instant::now())?;
                (!left.is_zero()).then(|| pause.min(left))
            }
            None => Some(pause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_the_scan_is_given_up() {
        let mut clock = AttemptClock::new(Duration::from_secs(24 * 3600));
        let pauses: Vec<_> = (0..9).filter_map(|_| clock.pause()).collect();
        let seconds: Vec<_> = pauses.iter().map(Duration::as_secs_f64).collect();
        assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(AttemptClock::new(Duration::ZERO).pause(), None);
    }
}
