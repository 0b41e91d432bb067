//! The database shall know that the server is there.
//!
//! It is told when the server starts. Some databases keep that in memory alone, the one of BLISS's Beacon
//! among them (`NosqlTangoDB`): when they come back, no client finds the server any more, though it runs.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::shim;

/// How often the database is asked. BLISS looks for a device that it cannot reach for 10 s.
const PERIOD: Duration = Duration::from_secs(5);

/// Looks after what the database knows.
#[derive(Default)]
pub struct Presence {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// The database is being asked.
    asks: bool,
}

impl Presence {
    /// Until it is closed: asks the database now and then, when `serves` says that clients are served.
    pub fn run(&self, serves: impl Fn() -> bool) {
        while self.next() {
            if serves() {
                recall();
            }
            self.state().asks = false;
            self.changed.notify_all();
        }
    }

    /// Returns when the database is not asked any more: the end of the process must not meet that.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.changed.notify_all();
        let idle = self.changed.wait_while(state, |state| state.asks);
        drop(idle.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for the next time; false if there is none.
    fn next(&self) -> bool {
        let open = |state: &mut State| !state.closed;
        let woken = self.changed.wait_timeout_while(self.state(), PERIOD, open);
        let mut state = woken.unwrap_or_else(PoisonError::into_inner).0;
        state.asks = !state.closed;
        state.asks
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn recall() {
    match shim::server::recall() {
        Ok(0) => {}
        Ok(_) => {
            tracing::warn!(
                "the Tango database had forgotten this server, and was told where it is"
            );
        }
        Err(error) => tracing::debug!("the Tango database cannot be asked: {error}"),
    }
}
