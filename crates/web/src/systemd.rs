//! Tells systemd how the process is: the protocol of `sd_notify(3)`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use observation::{Observation, ServicePhase};
use sd_notify::NotifyState;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{error, warn};

use crate::health::stuck_threads;
use crate::manager_socket::ManagerSocket;
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
    socket: ManagerSocket,
    watchdog: Option<Duration>,
    told: Told,
    status: StatusText,
    /// Set while a thread is stuck.
    is_stuck: bool,
    /// Set when systemd did not take the last message.
    is_deaf: bool,
}

/// What systemd knows.
#[derive(Clone)]
struct Told {
    phase: ServicePhase,
    status: Option<(Instant, String)>,
    extension: Option<Instant>,
}

impl Supervised {
    /// Returns what tells systemd, if it wants to know.
    pub fn new(observation: &Arc<Observation>) -> Option<Supervised> {
        let socket = match ManagerSocket::of_environment()? {
            Ok(socket) => socket,
            Err(error) => {
                warn!("systemd cannot be told how the process is: {error}");
                return None;
            }
        };
        Some(Supervised {
            observation: observation.clone(),
            socket,
            watchdog: sd_notify::watchdog_enabled(),
            told: Told {
                phase: ServicePhase::Starting,
                status: None,
                extension: None,
            },
            status: StatusText::default(),
            is_stuck: false,
            is_deaf: false,
        })
    }

    /// Tells systemd whatever changes, for ever.
    pub async fn run(&mut self) {
        let third = self.watchdog.map(|limit| limit / 3);
        let period = third.map_or(STATUS_PERIOD, |third| third.min(STATUS_PERIOD));
        let mut clock = interval(period.max(Duration::from_millis(1)));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            self.tell();
        }
    }

    /// Tells what has changed. What systemd does not take is told again.
    pub fn tell(&mut self) {
        let now = Instant::now();
        let is_due = |last: Option<Instant>, period| last.is_none_or(|last| now - last >= period);
        let mut told = self.told.clone();
        let mut message = String::new();
        let mut add = |state: NotifyState| message.push_str(&format!("{state}\n"));
        told.phase = self.observation.readiness.phase();
        if told.phase != self.told.phase {
            match told.phase {
                ServicePhase::Starting => {}
                ServicePhase::Started => add(NotifyState::Ready),
                ServicePhase::Stopping => add(NotifyState::Stopping),
            }
        }
        let is_alive = self.is_alive();
        if is_alive && self.watchdog.is_some() {
            add(NotifyState::Watchdog);
        }
        let is_stopping = is_alive && told.phase == ServicePhase::Stopping;
        if is_stopping && is_due(told.extension, EXTENSION_PERIOD) {
            let extension = u32::try_from(EXTENSION.as_micros()).unwrap_or(u32::MAX);
            add(NotifyState::ExtendTimeoutUsec(extension));
            told.extension = Some(now);
        }
        let last = told.status.as_ref();
        if is_due(last.map(|(when, _)| *when), STATUS_PERIOD) {
            let line = self.status.line(&self.observation);
            if last.is_none_or(|(_, last)| *last != line) {
                add(NotifyState::Status(&line));
                told.status = Some((now, line));
            }
        }
        if message.is_empty() {
            return;
        }
        let sent = self.socket.send(&message);
        if sent.is_ok() {
            self.told = told;
        }
        self.note(sent);
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

    fn note(&mut self, sent: io::Result<()>) {
        if let Err(error) = &sent
            && !self.is_deaf
        {
            warn!("systemd cannot be told how the process is: {error}");
        }
        self.is_deaf = sent.is_err();
    }
}
