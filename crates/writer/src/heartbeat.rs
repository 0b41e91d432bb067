//! Shows that a thread with a hub moves.

use std::sync::Arc;
use std::time::Duration;

use hub::Greenlet;
use observation::{HEARTBEAT_PERIOD, Heartbeat, Observation};

/// Starts a greenlet that shows that this thread moves, under the name `thread`. The thread counts as stuck when it has not
/// moved for `limit`, until the greenlet is killed or its hub ends.
pub fn spawn(
    observation: &Arc<Observation>,
    thread: &'static str,
    limit: Duration,
) -> Greenlet<()> {
    let heartbeat = Heartbeat::new(observation, thread, limit);
    hub::spawn(async move {
        loop {
            heartbeat.beat();
            hub::sleep(HEARTBEAT_PERIOD).await;
        }
    })
}
