//! Tells clients what is new, without being asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::Engine;
use crate::nexus_writer::{resources, spectra};

/// Time between two events: people look at them, nobody counts them.
const PAUSE: Duration = Duration::from_millis(250);

/// To tell takes no more than one part of the hub's time in so many.
const SHARE: u32 = 20;

/// How long a device may be gone before its engine is stopped: one that is restarted is back by then.
const ABSENCE: Duration = Duration::from_secs(10);

/// Time between two lines about what the process uses, as in `blisswriter` 2.0.0.
const PROFILE: Duration = Duration::from_secs(10);

/// Sends events for an engine as long as the hub lives.
pub async fn watch(engine: Arc<Engine>) {
    let mut records = engine.records().watch();
    let mut next_line = Instant::now();
    let mut profiles = false;
    loop {
        let is_orphan = engine.device().is_none() && engine.run().is_some();
        if engine.profile() != 0 && !profiles {
            next_line = Instant::now() + PROFILE;
        }
        profiles = engine.profile() != 0;
        tokio::select! {
            () = engine.changed.wait() => engine.changed.clear(),
            () = records.changed() => {}
            () = sleep(ABSENCE), if is_orphan => {
                engine.abandon();
                continue;
            }
            () = sleep_until(next_line), if profiles => {
                resources::log(&engine);
                next_line = Instant::now() + PROFILE;
                continue;
            }
        }
        let begun = Instant::now();
        tell(&engine);
        // The first news are told at once, those that follow closely together. However many scans
        // there are to tell of, the hub is for listening to them.
        sleep(PAUSE.max(begun.elapsed() * SHARE)).await;
    }
}

fn tell(engine: &Engine) {
    let Some(device) = engine.device() else {
        return;
    };
    device.push_state(engine.state(), &engine.status());
    for (attribute, value) in spectra::all(engine) {
        device.push(attribute, value);
    }
}
