//! A scan that is being published, in whichever data model.

use std::time::Duration;

use chrono::{DateTime, Local};

use super::channel::{Channel, channels};
use super::error::SimulationError;
use super::motor::Motor;
use super::plan::ScanPlan;

/// What is published: a plan, and what follows from it.
pub struct SimulatedScan<'p> {
    /// The plan.
    pub plan: &'p ScanPlan,
    /// The motors that move.
    pub motors: Vec<Motor>,
    /// All channels.
    pub channels: Vec<Channel>,
    /// When the scan starts.
    pub start: DateTime<Local>,
}

/// How a scan ended.
pub struct ScanEnd {
    /// When.
    pub time: DateTime<Local>,
    /// Why.
    pub reason: EndReason,
    /// Points that each channel has.
    pub points: u64,
}

/// Why a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// It has all of its points.
    Success,
    /// Its user has stopped it.
    UserAbort,
    /// It could not be published.
    Failure,
}

/// A scan that is being published. Channels are numbered in the order in which the scan has them.
pub trait LiveScan {
    /// Returns the key of the scan.
    fn key(&self) -> &str;

    /// Declares the channels and starts the scan.
    async fn start(&mut self, scan: &SimulatedScan<'_>) -> Result<(), SimulationError>;

    /// Sends `count` points of a channel as one message, which may be held back until [`flush`](Self::flush). Their
    /// bytes are in the order of C.
    async fn send(
        &mut self,
        channel: usize,
        bytes: &[u8],
        count: u64,
    ) -> Result<(), SimulationError>;

    /// Makes visible what was sent, before the publisher waits for `pause`. What BLISS would hold back for longer than
    /// that may be held back.
    async fn flush(&mut self, pause: Duration) -> Result<(), SimulationError>;

    /// Stops the scan when all of its points are accepted.
    async fn stop(&mut self) -> Result<(), SimulationError>;

    /// Ends the scan, from any state.
    async fn end(self, scan: &SimulatedScan<'_>, end: &ScanEnd) -> Result<(), SimulationError>;
}

impl SimulatedScan<'_> {
    /// Plans a scan that starts now.
    pub fn new(plan: &ScanPlan) -> SimulatedScan<'_> {
        let start = Local::now();
        let motors = plan.motors();
        let channels = channels(plan, &motors, start.timestamp_micros() as f64 / 1e6);
        SimulatedScan {
            plan,
            motors,
            channels,
            start,
        }
    }
}

impl EndReason {
    /// Returns the reason as BLISS 2 names it.
    pub fn name(self) -> &'static str {
        match self {
            EndReason::Success => "SUCCESS",
            EndReason::UserAbort => "USER_ABORT",
            EndReason::Failure => "FAILURE",
        }
    }
}
