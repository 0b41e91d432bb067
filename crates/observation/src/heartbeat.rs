//! Whether the threads of the process move.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Observation;

/// How often a thread that moves says so.
pub const HEARTBEAT_PERIOD: Duration = Duration::from_secs(1);

/// How long a thread that waits for nothing but events may be silent before it counts as stuck.
pub const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// How long a thread may be silent that calls the file system, before it counts as stuck. A server of files that does not
/// answer holds up a call for minutes, and a restart would not help.
pub const SILENCE_LIMIT_IN_CALLS: Duration = Duration::from_secs(300);

/// The threads that say that they move.
#[derive(Debug, Default)]
pub struct Heartbeats(Mutex<Vec<Arc<Pulse>>>);

#[derive(Debug)]
struct Pulse {
    thread: &'static str,
    limit: Duration,
    last: Mutex<Instant>,
}

/// How long a thread has been silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadSilence {
    /// Name of the thread.
    pub thread: &'static str,
    /// Time since it last said that it moves.
    pub silence: Duration,
    /// Whether it counts as stuck.
    pub is_stuck: bool,
}

/// The heartbeat of one thread. The thread counts until this is dropped.
#[derive(Debug)]
pub struct Heartbeat {
    observation: Arc<Observation>,
    pulse: Arc<Pulse>,
}

impl Heartbeat {
    /// Creates the heartbeat of a thread that beats at least every [`HEARTBEAT_PERIOD`], and counts as stuck after `limit`
    /// without a beat.
    pub fn new(observation: &Arc<Observation>, thread: &'static str, limit: Duration) -> Heartbeat {
        let pulse = Arc::new(Pulse {
            thread,
            limit,
            last: Mutex::new(Instant::now()),
        });
        observation.heartbeats.list().push(pulse.clone());
        Heartbeat {
            observation: observation.clone(),
            pulse,
        }
    }

    /// Notes that the thread moves.
    pub fn beat(&self) {
        *self.pulse.last() = Instant::now();
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        let mut list = self.observation.heartbeats.list();
        list.retain(|pulse| !Arc::ptr_eq(pulse, &self.pulse));
    }
}

impl Pulse {
    fn last(&self) -> MutexGuard<'_, Instant> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heartbeats {
    /// Returns how long each thread has been silent.
    pub fn silences(&self) -> Vec<ThreadSilence> {
        let silence = |pulse: &Arc<Pulse>| {
            let silence = pulse.last().elapsed();
            ThreadSilence {
                thread: pulse.thread,
                silence,
                is_stuck: silence > pulse.limit,
            }
        };
        self.list().iter().map(silence).collect()
    }

    /// No code runs under the lock that could leave the list half changed.
    fn list(&self) -> MutexGuard<'_, Vec<Arc<Pulse>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_thread_is_stuck_until_it_moves_or_ends() {
        let observation = Arc::new(Observation::default());
        let stuck = || {
            let silences = observation.heartbeats.silences();
            let stuck = silences.iter().filter(|silence| silence.is_stuck);
            stuck.map(|silence| silence.thread).collect::<Vec<_>>()
        };
        let patient = Heartbeat::new(&observation, "patient", SILENCE_LIMIT_IN_CALLS);
        let hasty = Heartbeat::new(&observation, "hasty", SILENCE_LIMIT);
        assert!(stuck().is_empty());
        let past = Instant::now() - 2 * SILENCE_LIMIT;
        *hasty.pulse.last() = past;
        *patient.pulse.last() = past;
        assert_eq!(stuck(), ["hasty"]);
        hasty.beat();
        assert!(stuck().is_empty());
        *hasty.pulse.last() = past;
        drop(hasty);
        assert!(stuck().is_empty());
        assert_eq!(observation.heartbeats.silences().len(), 1);
    }
}
