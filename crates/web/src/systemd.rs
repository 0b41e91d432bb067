//! Tells systemd how the process is: the protocol of `sd_notify(3)`.

use std::env;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use observation::{Observation, ServicePhase};
use sd_notify::NotifyState;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{error, warn};

use crate::health::stuck_threads;
use crate::status_text::StatusText;

/// Shortest time between two lines about what is done.
const STATUS_PERIOD: Duration = Duration::from_secs(1);

/// How much longer systemd shall wait for the end, from each time that it is told so.
const EXTENSION: Duration = Duration::from_secs(30);

/// Time between two requests to wait longer.
const EXTENSION_PERIOD: Duration = Duration::from_secs(10);

/// What systemd was told already.
pub struct Supervised {
    observation: Arc<Observation>,
    watchdog: Option<Duration>,
    phase: ServicePhase,
    status: StatusText,
    last_status: Option<(Instant, String)>,
    last_extension: Option<Instant>,
    /// Set while a thread is stuck.
    is_stuck: bool,
    /// Set when systemd did not take the last message.
    is_deaf: bool,
}

impl Supervised {
    /// Returns what tells systemd, if it wants to know.
    pub fn new(observation: &Arc<Observation>) -> Option<Supervised> {
        env::var_os("NOTIFY_SOCKET")?;
        Some(Supervised {
            observation: observation.clone(),
            watchdog: sd_notify::watchdog_enabled(),
            phase: ServicePhase::Starting,
            status: StatusText::default(),
            last_status: None,
            last_extension: None,
            is_stuck: false,
            is_deaf: false,
        })
    }

    /// Tells systemd whatever changes, for ever.
    pub async fn run(mut self) {
        let third = self.watchdog.map(|limit| limit / 3);
        let period = third.map_or(STATUS_PERIOD, |third| third.min(STATUS_PERIOD));
        let mut clock = interval(period.max(Duration::from_millis(1)));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            self.tell(Instant::now());
        }
    }

    fn tell(&mut self, now: Instant) {
        let mut messages = Vec::new();
        let phase = self.observation.readiness.phase();
        if phase != self.phase {
            match phase {
                ServicePhase::Starting => {}
                ServicePhase::Started => messages.push(NotifyState::Ready),
                ServicePhase::Stopping => messages.push(NotifyState::Stopping),
            }
            self.phase = phase;
        }
        let is_alive = self.is_alive();
        if is_alive && self.watchdog.is_some() {
            messages.push(NotifyState::Watchdog);
        }
        let is_due = |last: Option<Instant>, period| last.is_none_or(|last| now - last >= period);
        if is_alive
            && phase == ServicePhase::Stopping
            && is_due(self.last_extension, EXTENSION_PERIOD)
        {
            let extension = u32::try_from(EXTENSION.as_micros()).unwrap_or(u32::MAX);
            messages.push(NotifyState::ExtendTimeoutUsec(extension));
            self.last_extension = Some(now);
        }
        let last = self.last_status.as_ref();
        let mut new_line = None;
        if is_due(last.map(|(when, _)| *when), STATUS_PERIOD) {
            let line = self.status.line(&self.observation);
            if last.is_none_or(|(_, last)| *last != line) {
                new_line = Some(line);
            }
        }
        if let Some(line) = &new_line {
            messages.push(NotifyState::Status(line));
        }
        let told = match messages.is_empty() {
            true => return,
            false => sd_notify::notify(&messages),
        };
        self.note(told);
        if let Some(line) = new_line {
            self.last_status = Some((now, line));
        }
    }

    /// Returns `true` if every thread moves. Logs it once when one does not: the journal is what is left after systemd
    /// has ended the process.
    fn is_alive(&mut self) -> bool {
        let stuck = stuck_threads(&self.observation);
        if let Some(stuck) = &stuck
            && !self.is_stuck
        {
            error!("{stuck}: systemd is told nothing until it moves");
        }
        self.is_stuck = stuck.is_some();
        !self.is_stuck
    }

    fn note(&mut self, told: io::Result<()>) {
        if let Err(error) = &told
            && !self.is_deaf
        {
            warn!("systemd cannot be told how the process is: {error}");
        }
        self.is_deaf = told.is_err();
    }
}
