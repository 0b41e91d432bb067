//! When points are due.

use std::time::{Duration, Instant};

use hub::Event;

use super::error::SimulationError;
use super::live_scan::LiveScan;

/// Messages between two looks at what else there is to do, when there is no time to wait.
const TURN: u64 = 64;

/// Points at a constant rate.
pub struct PointTimer {
    began: Instant,
    rate: f64,
    messages: u64,
}

impl PointTimer {
    /// Begins now. A rate of 0 is as fast as possible.
    pub fn new(rate: f64) -> PointTimer {
        PointTimer {
            began: Instant::now(),
            rate,
            messages: 0,
        }
    }

    /// Waits until a scan can have `points` points; what was sent before becomes visible meanwhile.
    /// Returns `true` if it came to that: the scan may be ended sooner.
    pub async fn wait_until(
        &mut self,
        points: u64,
        scan: &mut impl LiveScan,
        ending: &Event,
    ) -> Result<bool, SimulationError> {
        self.messages += 1;
        if self.rate > 0.0 {
            // Such numbers are longer than anything waits.
            let after = Duration::try_from_secs_f64(points as f64 / self.rate);
            let wait = after
                .unwrap_or(Duration::MAX)
                .saturating_sub(self.began.elapsed());
            if !wait.is_zero() {
                scan.flush(wait).await?;
                return Ok(!ending.wait_timeout(wait).await);
            }
        }
        if self.messages.is_multiple_of(TURN) {
            tokio::task::yield_now().await;
        }
        Ok(!ending.is_set())
    }
}
