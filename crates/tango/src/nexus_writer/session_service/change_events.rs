//! Sends events of changes to clients.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::SessionService;
use crate::nexus_writer::{resources, scan_attributes};

/// Least time between two events. People look at them, so more would be of no use.
const MIN_PERIOD: Duration = Duration::from_millis(250);

/// Events take at most this fraction of the time of the hub: 1/20.
const MAX_LOAD: u32 = 20;

/// How long a device may be gone before its service is stopped. A restart is faster.
const MAX_ABSENCE: Duration = Duration::from_secs(10);

/// Time between two log lines about the resources of the process, as in `blisswriter` 2.0.0.
const PROFILE_PERIOD: Duration = Duration::from_secs(10);

/// Sends the events of a service as long as the hub exists.
pub async fn send_changes(service: Arc<SessionService>) {
    let mut records = service.records().watch();
    let mut next_profile = Instant::now();
    let mut is_profiling = false;
    loop {
        let is_orphan = service.device().is_none() && service.run().is_some();
        if service.profile() != 0 && !is_profiling {
            next_profile = Instant::now() + PROFILE_PERIOD;
        }
        is_profiling = service.profile() != 0;
        tokio::select! {
            () = service.changed.wait() => service.changed.clear(),
            () = records.changed() => {}
            () = sleep(MAX_ABSENCE), if is_orphan => {
                service.stop_without_device();
                continue;
            }
            () = sleep_until(next_profile), if is_profiling => {
                resources::log(&service);
                next_profile = Instant::now() + PROFILE_PERIOD;
                continue;
            }
        }
        let start = Instant::now();
        push_all(&service);
        // The first change is sent at once, and those that follow soon after are sent together. However many
        // scans there are, the hub must have time to listen to them.
        sleep(MIN_PERIOD.max(start.elapsed() * MAX_LOAD)).await;
    }
}

fn push_all(service: &SessionService) {
    let Some(device) = service.device() else {
        return;
    };
    device.push_state(service.state(), &service.status());
    for (attribute, value) in scan_attributes::all(service) {
        device.push(attribute, value);
    }
}
