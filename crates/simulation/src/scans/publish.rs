//! Publishing a simulated scan.

use blissdata::store::{DataStore, ScanKey};

use crate::publish::{PublishError, ScanPublisher, StreamPublisher};
use chrono::{DateTime, Local, SecondsFormat};
use hub::Event;
use serde_json::json;
use tracing::{debug, info};

use super::channel::{Channel, channels};
use super::info::{identity, info, positioners};
use super::layout::{ScanEnd, ScanLayout};
use super::motor::Motor;
use super::plan::ScanPlan;
use super::point_timer::PointTimer;
use super::signal::ScanPosition;

/// Publishes a scan from its creation to its end. `created` hears its key as soon as there is one,
/// and how many channels it has.
///
/// When `ending` is sent the scan ends there, as one that its user has aborted.
pub async fn publish_scan(
    store: &DataStore,
    plan: &ScanPlan,
    ending: &Event,
    created: impl FnOnce(&ScanKey, usize),
) -> Result<(), PublishError> {
    let started = Local::now();
    let start_time = iso(&started);
    let motors = plan.motors();
    let channels = channels(plan, &motors, started.timestamp_micros() as f64 / 1e6);
    let info = info(plan, &motors, &channels, &start_time);
    let mut acquisition = Acquisition {
        scan: ScanPublisher::create(store, identity(plan), info).await?,
        plan,
        motors,
        channels,
        start_time,
        points: 0,
    };
    created(acquisition.scan.key(), acquisition.channels.len());
    let acquired = acquisition.acquire(ending).await;
    let reason = match acquired {
        Err(_) => "FAILURE",
        Ok(()) if acquisition.points < plan.points => "USER_ABORT",
        Ok(()) => "SUCCESS",
    };
    let closed = acquisition.close(reason).await;
    if let (Err(_), Err(error)) = (&acquired, &closed) {
        debug!("a scan that failed could not be closed either: {error}");
    }
    acquired.and(closed)?;
    let (scan, title) = (acquisition.scan.key(), plan.title());
    info!(%scan, points = acquisition.points, "published {} {title}: {reason}", plan.number);
    Ok(())
}

struct Acquisition<'p> {
    scan: ScanPublisher,
    plan: &'p ScanPlan,
    motors: Vec<Motor>,
    channels: Vec<Channel>,
    start_time: String,
    /// Points that each channel has by now.
    points: u64,
}

impl Acquisition<'_> {
    async fn acquire(&mut self, ending: &Event) -> Result<(), PublishError> {
        let mut streams = Vec::new();
        for channel in &self.channels {
            let definition = channel.definition(self.plan);
            streams.push(self.scan.add_stream(&channel.stream, definition).await?);
        }
        self.publish_layout(None);
        self.scan.prepare().await?;
        self.scan.start().await?;
        let mut timer = PointTimer::new(self.plan.rate);
        while self.points < self.plan.points {
            let count = self.plan.batch.min(self.plan.points - self.points);
            if !timer
                .wait_until(self.points + count, &self.scan, ending)
                .await?
            {
                break;
            }
            self.measure(&streams, count).await?;
        }
        self.scan.stop().await
    }

    /// Sends the next points of all channels, one message each.
    async fn measure(
        &mut self,
        streams: &[StreamPublisher],
        count: u64,
    ) -> Result<(), PublishError> {
        let mut bytes = Vec::new();
        for (channel, stream) in self.channels.iter_mut().zip(streams) {
            bytes.clear();
            for index in self.points..self.points + count {
                channel.measure(position(&self.motors, index), &mut bytes);
            }
            stream.send(&bytes, count).await?;
        }
        self.points += count;
        Ok(())
    }

    async fn close(&mut self, reason: &str) -> Result<(), PublishError> {
        let time = iso(&Local::now());
        self.publish_layout(Some(ScanEnd {
            time: &time,
            reason,
            points: self.points,
        }));
        let positions = positioners(&self.motors, true);
        let info = self.scan.info_mut();
        info.insert("end_time".to_owned(), json!(time));
        if let (Some(known), Some(more)) = (
            info.get_mut("positioners")
                .and_then(|known| known.as_object_mut()),
            positions.as_object(),
        ) {
            known.extend(more.clone());
        }
        self.scan.close(reason).await
    }

    fn publish_layout(&mut self, end: Option<ScanEnd>) {
        let layout = ScanLayout {
            plan: self.plan,
            motors: &self.motors,
            channels: &self.channels,
            start_time: &self.start_time,
        };
        let h5maps = layout.h5maps(end.as_ref());
        self.scan.info_mut().insert("h5maps".to_owned(), h5maps);
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

/// As `datetime.isoformat` of Python writes it.
fn iso(time: &DateTime<Local>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}
