//! Publishing a simulated scan.

use chrono::Local;
use hub::Event;
use tracing::{debug, info};

use super::blissdata::BlissdataScan;
use super::error::SimulationError;
use super::live_scan::{EndReason, LiveScan, ScanEnd, SimulatedScan};
use super::motor::Motor;
use super::node::NodeScan;
use super::plan::ScanPlan;
use super::point_timer::PointTimer;
use super::signal::ScanPosition;
use super::store::ModelStore;

/// Publishes a scan from its creation to its end. `created` hears its key as soon as there is one,
/// and how many channels it has.
///
/// When `ending` is sent the scan ends there, as one that its user has aborted.
///
/// # Errors
/// If the server does not take the scan.
pub async fn publish_scan(
    store: &ModelStore,
    plan: &ScanPlan,
    ending: &Event,
    created: impl FnOnce(&str, usize),
) -> Result<(), SimulationError> {
    let scan = SimulatedScan::new(plan);
    match store {
        ModelStore::Blissdata(store) => {
            let live = BlissdataScan::create(store, &scan).await?;
            acquire(live, scan, ending, created).await
        }
        ModelStore::Node(store) => {
            let live = NodeScan::create(store, &scan).await?;
            acquire(live, scan, ending, created).await
        }
    }
}

async fn acquire(
    live: impl LiveScan,
    scan: SimulatedScan<'_>,
    ending: &Event,
    created: impl FnOnce(&str, usize),
) -> Result<(), SimulationError> {
    let key = live.key().to_owned();
    created(&key, scan.channels.len());
    let mut acquisition = Acquisition {
        live,
        scan,
        points: 0,
    };
    let acquired = acquisition.acquire(ending).await;
    let Acquisition { live, scan, points } = acquisition;
    let reason = match acquired {
        Err(_) => EndReason::Failure,
        Ok(()) if points < scan.plan.points => EndReason::UserAbort,
        Ok(()) => EndReason::Success,
    };
    let end = ScanEnd {
        time: Local::now(),
        reason,
        points,
    };
    let ended = live.end(&scan, &end).await;
    if let (Err(_), Err(error)) = (&acquired, &ended) {
        debug!("a scan that failed could not be closed either: {error}");
    }
    acquired.and(ended)?;
    let (number, title, reason) = (scan.plan.number, scan.plan.title(), reason.name());
    info!(scan = %key, points, "published {number} {title}: {reason}");
    Ok(())
}

struct Acquisition<'p, L> {
    live: L,
    scan: SimulatedScan<'p>,
    /// Points that each channel has by now.
    points: u64,
}

impl<L: LiveScan> Acquisition<'_, L> {
    async fn acquire(&mut self, ending: &Event) -> Result<(), SimulationError> {
        self.live.start(&self.scan).await?;
        let plan = self.scan.plan;
        let mut timer = PointTimer::new(plan.rate);
        while self.points < plan.points {
            let count = plan.batch.min(plan.points - self.points);
            if !timer
                .wait_until(self.points + count, &mut self.live, ending)
                .await?
            {
                break;
            }
            self.measure(count).await?;
        }
        self.live.stop().await
    }

    /// Sends the next points of all channels, one message each.
    async fn measure(&mut self, count: u64) -> Result<(), SimulationError> {
        let mut bytes = Vec::new();
        for (number, channel) in self.scan.channels.iter_mut().enumerate() {
            bytes.clear();
            for index in self.points..self.points + count {
                channel.measure(position(&self.scan.motors, index), &mut bytes);
            }
            self.live.send(number, &bytes, count).await?;
        }
        self.points += count;
        Ok(())
    }
}

fn position(motors: &[Motor], index: u64) -> ScanPosition {
    let mut fractions = motors.iter().map(|motor| motor.fraction(index));
    ScanPosition {
        index,
        fast: fractions.next().unwrap_or(0.0),
        slow: fractions.next(),
    }
}
