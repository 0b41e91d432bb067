//! What a member does at regular times, beside saving scans.

use std::time::Duration;

use observation::with_causes;
use tokio::time::{Instant, sleep, sleep_until};

use super::claims::claim_abandoned;
use super::group_state::GroupState;
use crate::guarded_store::StoreFailure;
use crate::history_store::HistoryStore;

/// How often the heartbeat is renewed.
const HEARTBEAT_PERIOD: Duration = Duration::from_secs(10);

/// How often a member looks for scans that a dead one left.
const CLAIM_PERIOD: Duration = Duration::from_secs(10);

/// How soon something that Redis refused is tried again.
const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// Scans that are acknowledged with one command.
const MAX_ACKNOWLEDGED: usize = 1000;

/// Maintains a membership until the member leaves.
pub async fn run<S: HistoryStore>(state: &GroupState<S>) {
    tokio::select! {
        () = state.left() => {}
        // Claims take many round trips, which must not delay the heartbeat.
        () = claim(state) => {}
        () = beat_and_acknowledge(state) => {}
    }
}

async fn beat_and_acknowledge<S: HistoryStore>(state: &GroupState<S>) {
    let mut heartbeat = RefusalLog::new("the heartbeat of the writer cannot be renewed");
    let mut acknowledgement = RefusalLog::new("scans that are saved cannot be acknowledged");
    let mut next_heartbeat = Instant::now();
    loop {
        let now = Instant::now();
        if now >= next_heartbeat {
            let renewed = heartbeat.note(state.renew_heartbeat().await);
            next_heartbeat = now
                + if renewed {
                    HEARTBEAT_PERIOD
                } else {
                    RETRY_PERIOD
                };
        }
        let mut next = next_heartbeat;
        if !acknowledgement.note(acknowledge(state).await) {
            next = next.min(Instant::now() + RETRY_PERIOD);
        }
        let due = state.hand_out_due();
        next = due.map_or(next, |due| next.min(due));
        tokio::select! {
            () = state.has_work.notified(), if !acknowledgement.is_refused => {}
            () = sleep_until(next) => {}
        }
    }
}

async fn claim<S: HistoryStore>(state: &GroupState<S>) {
    let mut log = RefusalLog::new("the scans of other writers cannot be claimed");
    loop {
        log.note(claim_abandoned(state).await);
        sleep(CLAIM_PERIOD).await;
    }
}

/// Tells Redis which scans are done.
///
/// # Errors
/// If Redis cannot be asked, or refuses. The scans remain to be acknowledged.
pub async fn acknowledge<S: HistoryStore>(state: &GroupState<S>) -> Result<(), S::Error> {
    loop {
        let mut done = state.unacknowledged();
        done.truncate(MAX_ACKNOWLEDGED);
        if done.is_empty() {
            return Ok(());
        }
        let [acknowledge, forget_attempts] = state.acknowledgement(&done);
        // Neither creates a key, so the store need not be initialised.
        state.store.connection().call_once(&acknowledge).await?;
        state.set_acknowledged(&done);
        state.store.connection().call_once(&forget_attempts).await?;
    }
}

/// Warns when something is refused for the first time, and reports when it works again.
struct RefusalLog {
    what: &'static str,
    /// Set if the last outcome was no success.
    is_refused: bool,
    /// Set if there was a warning, and no success since.
    is_reported: bool,
}

impl RefusalLog {
    fn new(what: &'static str) -> RefusalLog {
        RefusalLog {
            what,
            is_refused: false,
            is_reported: false,
        }
    }

    /// Notes an outcome. Returns `true` if it is a success.
    fn note(&mut self, outcome: Result<(), impl StoreFailure>) -> bool {
        self.is_refused = outcome.is_err();
        let Err(error) = outcome else {
            if std::mem::take(&mut self.is_reported) {
                tracing::info!("no longer: {}", self.what);
            }
            return true;
        };
        let reason = with_causes(&error);
        if self.is_reported || error.is_usual() {
            tracing::debug!("{}: {reason}", self.what);
        } else {
            self.is_reported = true;
            tracing::warn!("{}, trying again: {reason}", self.what);
        }
        false
    }
}
