//! Whether scans are taken and can be saved now, and why not.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::Observation;

/// What the process is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServicePhase {
    /// It prepares to take scans.
    Starting,
    /// It has begun to take scans.
    Started,
    /// It was told to end, and saves what it has.
    Stopping,
}

/// The phase of the process, and the conditions under which it is ready.
#[derive(Debug, Default)]
pub struct Readiness {
    phase: AtomicU8,
    checks: Mutex<Vec<Arc<Condition>>>,
}

/// What a check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckState {
    /// Name of the condition: `redis`, `subscribed`, `disk`, `tango`.
    pub name: &'static str,
    /// The BLISS session that it concerns; `None` for all.
    pub session: Option<String>,
    /// Whether it holds.
    pub is_ok: bool,
    /// Since when it does, or does not.
    pub since: SystemTime,
    /// Why, in a few words for people.
    pub text: String,
}

#[derive(Debug)]
struct Condition {
    state: Mutex<CheckState>,
}

/// One condition under which the process is ready. It counts until this is dropped.
#[derive(Debug)]
pub struct Check {
    observation: Arc<Observation>,
    condition: Arc<Condition>,
}

impl Check {
    /// Creates a condition that does not hold yet, for the reason `text`.
    pub fn new(
        observation: &Arc<Observation>,
        name: &'static str,
        session: Option<&str>,
        text: &str,
    ) -> Check {
        let condition = Arc::new(Condition {
            state: Mutex::new(CheckState {
                name,
                session: session.map(str::to_owned),
                is_ok: false,
                since: SystemTime::now(),
                text: text.to_owned(),
            }),
        });
        observation.readiness.checks().push(condition.clone());
        Check {
            observation: observation.clone(),
            condition,
        }
    }

    /// Notes that the condition holds.
    pub fn pass(&self, text: impl Into<String>) {
        self.set(true, text.into());
    }

    /// Notes that the condition does not hold, and why.
    pub fn fail(&self, text: impl Into<String>) {
        self.set(false, text.into());
    }

    fn set(&self, is_ok: bool, text: String) {
        let mut state = self.condition.state();
        if state.is_ok != is_ok {
            state.since = SystemTime::now();
        }
        state.is_ok = is_ok;
        state.text = text;
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let mut checks = self.observation.readiness.checks();
        checks.retain(|condition| !Arc::ptr_eq(condition, &self.condition));
    }
}

impl Condition {
    fn state(&self) -> MutexGuard<'_, CheckState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readiness {
    /// Notes that the process has begun to take scans, unless it is stopping.
    pub fn set_started(&self) {
        self.advance(ServicePhase::Started);
    }

    /// Notes that the process was told to end.
    pub fn set_stopping(&self) {
        self.advance(ServicePhase::Stopping);
    }

    /// Returns the phase of the process.
    pub fn phase(&self) -> ServicePhase {
        match self.phase.load(Ordering::Relaxed) {
            0 => ServicePhase::Starting,
            1 => ServicePhase::Started,
            _ => ServicePhase::Stopping,
        }
    }

    /// Returns all conditions, in the order in which they were made.
    pub fn states(&self) -> Vec<CheckState> {
        let checks = self.checks();
        checks
            .iter()
            .map(|condition| condition.state().clone())
            .collect()
    }

    /// Returns `true` if scans are taken, and nothing is known that prevents their saving.
    pub fn is_ready(&self) -> bool {
        let holds = |condition: &Arc<Condition>| condition.state().is_ok;
        self.phase() == ServicePhase::Started && self.checks().iter().all(holds)
    }

    /// Returns `true` if there is a condition of this name, and all of them hold.
    pub fn holds(&self, name: &str) -> bool {
        let states = self.states();
        let mut named = states.iter().filter(|state| state.name == name).peekable();
        named.peek().is_some() && named.all(|state| state.is_ok)
    }

    /// A phase is never left for an earlier one.
    fn advance(&self, phase: ServicePhase) {
        self.phase.fetch_max(phase as u8, Ordering::Relaxed);
    }

    /// No code runs under the lock that could leave the list half changed.
    fn checks(&self) -> MutexGuard<'_, Vec<Arc<Condition>>> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_ready_when_every_condition_holds() {
        let observation = Arc::new(Observation::default());
        let readiness = &observation.readiness;
        let redis = Check::new(&observation, "redis", Some("demo"), "not connected yet");
        readiness.set_started();
        assert!(!readiness.is_ready() && !readiness.holds("redis"));
        redis.pass("connected");
        assert!(readiness.is_ready() && readiness.holds("redis"));
        let disk = Check::new(&observation, "disk", None, "no answer");
        assert!(!readiness.is_ready() && readiness.holds("redis"));
        assert!(!readiness.holds("tango"));
        drop(disk);
        assert!(readiness.is_ready());
        readiness.set_stopping();
        readiness.set_started();
        assert_eq!(readiness.phase(), ServicePhase::Stopping);
        assert!(!readiness.is_ready());
    }

    #[test]
    fn the_time_is_that_of_the_last_change_between_good_and_bad() {
        let observation = Arc::new(Observation::default());
        let check = Check::new(&observation, "redis", None, "refused");
        let state = || observation.readiness.states().remove(0);
        let first = state();
        check.fail("timed out");
        assert_eq!((state().since, &*state().text), (first.since, "timed out"));
        check.pass("connected");
        let passed = state();
        assert!(passed.is_ok && passed.since >= first.since);
        check.pass("connected");
        assert_eq!(state(), passed);
    }
}
