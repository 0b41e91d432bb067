//! A scan that waits leaves its place to others.

use std::time::{Duration, Instant};

use tracing::{debug, info, warn};

use super::ScanListener;
use crate::source::ScanSource;
use crate::subscriber::{Context, Fault};

/// How often a parked scan is looked at.
const PARKED_POLL: Duration = Duration::from_secs(5);

/// How long it is looked at: longer than one read of an idle stream blocks.
const PARKED_LOOK: Duration = Duration::from_secs(1);

impl ScanListener {
    /// Waits until fewer scans are saved at the same time than may be.
    pub(super) async fn take_place(&mut self, context: &Context) {
        if self.place.is_none() {
            tokio::select! {
                place = self.places.reserve(1) => self.place = Some(place),
                // A scan that stops needs no place.
                () = context.stopping().wait() => {}
            }
        }
    }

    /// Waits before the next attempt, and leaves the place to other scans meanwhile.
    pub(super) async fn wait(&mut self, context: &Context, fault: &Fault, pause: Duration) {
        self.place = None;
        let reason = format!("waiting, the scan is not lost: {fault}");
        if context.is_waiting() {
            debug!(scan = %self.id, "{reason}");
        } else {
            warn!(scan = %self.id, "{reason}");
        }
        context.waiting(reason);
        context.stopping().wait_timeout(pause).await;
    }

    /// Waits until a silent scan publishes something, and leaves the place to other scans meanwhile.
    pub(super) async fn wait_for_news(
        &mut self,
        context: &Context,
        mut source: Box<dyn ScanSource>,
    ) {
        self.place = None;
        let silence = self.save.park_after.as_secs();
        let reason = format!("waiting: the scan has published nothing for {silence} s");
        info!(scan = %self.id, "{reason}");
        context.waiting(reason);
        while !context.stopping().is_set() {
            // A new connection takes several steps before it delivers.
            let looked = Instant::now();
            while looked.elapsed() < PARKED_LOOK {
                // An error is dealt with by the next attempt.
                if !matches!(source.next().await, Ok(events) if events.is_empty()) {
                    context.working();
                    return;
                }
            }
            source.disconnect();
            context.stopping().wait_timeout(PARKED_POLL).await;
        }
    }
}
