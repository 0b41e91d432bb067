//! Looks regularly at what prevents the saving of scans, and at figures that need a question.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use observation::{Check, GroupReport, Observation, ReconnectCause, with_causes};
use tracing::debug;

use crate::filesystem::{self, MountSpace};
use crate::source::{FeedMembership, ScanStore};
use crate::subscriber::{State, Subscriber};
use crate::writer_thread::WriterThread;

/// Time between two looks, which cost nothing but atomic numbers.
const LOOK_PERIOD: Duration = Duration::from_secs(1);

/// Time between two questions to the server and the disks, as long as all is well.
const QUESTION_PERIOD: Duration = Duration::from_secs(10);

/// How long the server may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Directories that are remembered. A session writes into few.
const MAX_DIRECTORIES: usize = 16;

/// The conditions under which a session can save scans. They count as long as this lives, so it should live as long as
/// the session is meant to save scans.
#[derive(Debug)]
pub struct SessionChecks {
    redis: Check,
    subscribed: Check,
    disk: Check,
}

impl SessionChecks {
    /// Creates the conditions of a session, or of all sessions. None holds yet.
    pub fn new(observation: &Arc<Observation>, session: Option<&str>) -> SessionChecks {
        let check = |name, text| Check::new(observation, name, session, text);
        let disk = check("disk", "");
        disk.pass("no scan yet");
        SessionChecks {
            redis: check("redis", "waiting for Redis"),
            subscribed: check("subscribed", "scans are not taken yet"),
            disk,
        }
    }

    /// Notes that Redis cannot be used, and why.
    pub fn wait_for_redis(&self, reason: &str) {
        self.redis.fail(format!("waiting for Redis: {reason}"));
    }
}

/// The directories into which the last scans were saved.
#[derive(Debug, Default)]
pub struct ScanDirectories(Mutex<VecDeque<PathBuf>>);

impl ScanDirectories {
    /// Notes the directory of the file of a scan.
    pub fn note(&self, file: &Path) {
        let Some(directory) = file.parent().filter(|_| file.is_absolute()) else {
            return;
        };
        let mut directories = self.directories();
        directories.retain(|known| known != directory);
        directories.push_back(directory.to_owned());
        if directories.len() > MAX_DIRECTORIES {
            directories.pop_front();
        }
    }

    /// Returns the directories, the last one at the end.
    fn list(&self) -> Vec<PathBuf> {
        self.directories().iter().cloned().collect()
    }

    /// No code runs under the lock that could leave the list half changed.
    fn directories(&self) -> MutexGuard<'_, VecDeque<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at what prevents a session from saving scans.
pub struct SessionWatch {
    pub store: Arc<dyn ScanStore>,
    pub subscriber: Subscriber,
    pub writer_thread: Arc<WriterThread>,
    pub checks: Option<Arc<SessionChecks>>,
    pub directories: Arc<ScanDirectories>,
    /// Free bytes without which no scan is started.
    pub required: u64,
}

impl SessionWatch {
    /// Looks until the session has ended.
    pub async fn run(self) {
        let mut asked = None;
        let mut failures = 0;
        while !self.subscriber.done() {
            let observation = self.writer_thread.observation();
            let free = self.writer_thread.budget().available().unwrap_or_default();
            let points = &observation.points;
            points.used.set(points.limit.get() - free as f64);
            let failures_now = failed_connections(observation);
            let is_due = |asked: Instant| asked.elapsed() >= QUESTION_PERIOD;
            if asked.is_none_or(is_due) || failures_now != failures {
                asked = match self.ask().await {
                    true => Some(Instant::now()),
                    false => None,
                };
                failures = failures_now;
            }
            self.look();
            // A session that becomes ON, or that ends, must not look otherwise for a second.
            let begins = self.subscriber.state() == State::Init;
            tokio::select! {
                () = hub::sleep(LOOK_PERIOD) => {}
                _ = self.subscriber.subscribed(None), if begins => {}
                () = self.subscriber.stopping().wait(), if !self.subscriber.stopping().is_set() => {}
                _ = self.subscriber.join(None) => {}
            }
        }
        self.look();
    }

    /// Looks at what is known without a question.
    fn look(&self) {
        let Some(checks) = &self.checks else {
            return;
        };
        let subscriber = &self.subscriber;
        match (subscriber.state(), subscriber.waiting()) {
            _ if subscriber.stopping().is_set() => {
                checks.subscribed.fail("stopping: no new scans are taken");
            }
            (State::On, None) => checks.subscribed.pass("scans are taken"),
            (State::On, Some(reason)) => checks.subscribed.fail(reason),
            (State::Init, _) => checks.subscribed.fail("scans are not taken yet"),
            _ => checks.subscribed.fail(subscriber.reason()),
        }
    }

    /// Asks the server and the disks. Returns `true` if the server has answered.
    async fn ask(&self) -> bool {
        let answer = hub::timeout(ANSWER_LIMIT, self.store.ping()).await;
        let problem = match answer {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(with_causes(&error)),
            Err(_) => Some(format!(
                "it has not answered for {} s",
                ANSWER_LIMIT.as_secs()
            )),
        };
        if let Some(checks) = &self.checks {
            match &problem {
                None => checks.redis.pass("Redis answers"),
                Some(problem) => checks
                    .redis
                    .fail(format!("Redis cannot be used: {problem}")),
            }
        }
        self.ask_disks().await;
        if problem.is_none() {
            // The figures of the memory are reported with the answer.
            let asked = hub::timeout(ANSWER_LIMIT, self.store.server_state()).await;
            if let Ok(Err(error)) = asked {
                debug!("the memory is not known: {}", with_causes(&error));
            }
        }
        problem.is_none()
    }

    /// Asks the disks of the last scans how much room they have.
    async fn ask_disks(&self) {
        let mut last = None;
        for directory in self.directories.list() {
            let space = filesystem::mount_space_soon(&directory).await;
            if let Some(MountSpace { mount_point, free }) = &space {
                let disks = &self.writer_thread.observation().disks;
                disks.set(mount_point, *free);
            }
            last = Some((directory, space));
        }
        // The next scan will probably be written where the last one was.
        let (Some(checks), Some((directory, space))) = (&self.checks, last) else {
            return;
        };
        let directory = directory.display();
        match space {
            None => {
                let text = format!("the file system of {directory} does not answer");
                checks.disk.fail(text);
            }
            Some(MountSpace { free, .. }) => {
                let text = format!("{} free in {directory}", filesystem::size(free));
                match free >= self.required {
                    true => checks.disk.pass(text),
                    false => {
                        let required = filesystem::size(self.required);
                        checks.disk.fail(format!("{text}, {required} are required"));
                    }
                }
            }
        }
    }
}

/// Returns how many connections to Redis have failed until now.
fn failed_connections(observation: &Observation) -> u64 {
    let causes = ReconnectCause::ALL.into_iter();
    causes
        .map(|cause| observation.redis.reconnects(cause).get())
        .sum()
}

/// Reports the size of the group of writers until this session has ended.
pub async fn watch_group(
    membership: Arc<dyn FeedMembership>,
    observation: Arc<Observation>,
    subscriber: Subscriber,
) {
    let mut report = GroupReport::new(&observation);
    while !subscriber.done() {
        match hub::timeout(ANSWER_LIMIT, membership.group_size()).await {
            Ok(Ok(size)) => report.set(size.pending_scans, size.members),
            Ok(Err(error)) => debug!("the group is not known: {}", with_causes(&error)),
            Err(_) => {}
        }
        if subscriber.join(Some(QUESTION_PERIOD)).await {
            break;
        }
    }
}
