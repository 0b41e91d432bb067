//! Keeps the devices of the server exported: known to the database as running, in Tango's words.
//!
//! The server exports its devices when it starts. Some databases keep that in memory alone, for example the one
//! of BLISS's Beacon (`NosqlTangoDB`): after a restart of the database, no client would find the server, though
//! it runs.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use observation::{Check, Observation};

use crate::shim;

/// Time between two checks. BLISS tries for 10 s to reach a device.
const PERIOD: Duration = Duration::from_secs(5);

/// Checks regularly whether the database knows the devices, and exports them again if it does not.
#[derive(Default)]
pub struct ExportKeeper {
    state: Mutex<State>,
    changed: Condvar,
    check: OnceLock<Check>,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// The database is being asked.
    is_checking: bool,
}

impl ExportKeeper {
    /// Checks the database regularly until [`close`](ExportKeeper::close), as long as `is_serving` returns `true`.
    pub fn run(&self, is_serving: impl Fn() -> bool) {
        while self.wait_for_check() {
            if is_serving() {
                self.note(restore_exports());
            }
            self.state().is_checking = false;
            self.changed.notify_all();
        }
    }

    /// Has the process not be ready as long as the devices are not exported.
    pub fn report_to(&self, observation: &Arc<Observation>) {
        let text = "the devices are not served yet";
        self.check
            .get_or_init(|| Check::new(observation, "tango", None, text));
    }

    /// Notes whether the devices are exported.
    pub fn note(&self, exported: Result<(), String>) {
        match (self.check.get(), exported) {
            (None, _) => {}
            (Some(check), Ok(())) => check.pass("the devices are exported"),
            (Some(check), Err(problem)) => check.fail(problem),
        }
    }

    /// Ends [`run`](ExportKeeper::run), and waits for a check that has begun: the process must not end during it.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.changed.notify_all();
        let idle = self.changed.wait_while(state, |state| state.is_checking);
        drop(idle.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until the next check is due. Returns `false` if there is none.
    fn wait_for_check(&self) -> bool {
        let open = |state: &mut State| !state.closed;
        let woken = self.changed.wait_timeout_while(self.state(), PERIOD, open);
        let mut state = woken.unwrap_or_else(PoisonError::into_inner).0;
        state.is_checking = !state.closed;
        state.is_checking
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Exports the devices again if the database has forgotten them.
fn restore_exports() -> Result<(), String> {
    match shim::server::restore_exports() {
        Ok(0) => Ok(()),
        Ok(_) => {
            tracing::warn!(
                "the Tango database had forgotten this server, and was told where it is"
            );
            Ok(())
        }
        Err(error) => {
            let problem = format!("the Tango database cannot be asked: {error}");
            tracing::debug!("{problem}");
            Err(problem)
        }
    }
}
