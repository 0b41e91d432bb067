//! The record of one scan.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local};
use hub::BlockingInGreenlet;

use super::RecordState;
use crate::filesystem;
use crate::report::{StreamLag, SubscanProgress};
use crate::scan::NexusScanWriter;
use crate::source::{ScanId, ScanSummary};
use crate::subscriber::{Subscriber, Times};

/// What is known about the saving of a scan. Clones refer to the same scan, whose state changes
/// until it ends.
#[derive(Clone)]
pub struct ScanRecord {
    scan: Arc<SharedRecord>,
}

struct SharedRecord {
    summary: ScanSummary,
    created: DateTime<Local>,
    saving: Mutex<SavingState>,
}

enum SavingState {
    Running(NexusScanWriter),
    /// The values that clients can read; the writer itself is dropped.
    Ended(Box<EndedScan>),
}

struct EndedScan {
    state: RecordState,
    reason: String,
    times: Times,
    duration: Duration,
    urls: Vec<String>,
    progress: Vec<SubscanProgress>,
    bytes: u64,
    scan_end: Option<DateTime<FixedOffset>>,
}

impl ScanRecord {
    pub(super) fn new(writer: NexusScanWriter) -> ScanRecord {
        let scan = SharedRecord {
            summary: writer.summary().clone(),
            created: Local::now(),
            saving: Mutex::new(SavingState::Running(writer)),
        };
        ScanRecord {
            scan: Arc::new(scan),
        }
    }

    /// Returns the name of the scan for clients: `1_ascan`.
    pub fn name(&self) -> &str {
        &self.scan.summary.name
    }

    /// Returns its identifier on its server: for BLISS 2 its key in Redis.
    pub fn id(&self) -> &ScanId {
        &self.scan.summary.id
    }

    /// Returns what was known about it from the start.
    pub fn summary(&self) -> &ScanSummary {
        &self.scan.summary
    }

    /// Returns the state of its saving.
    pub fn state(&self) -> RecordState {
        self.ask(|writer| writer.subscriber().state(), |ended| ended.state)
    }

    /// Returns the meaning of the state, or the first problem if the saving failed.
    pub fn reason(&self) -> String {
        self.ask(
            |writer| writer.subscriber().reason(),
            |ended| ended.reason.clone(),
        )
    }

    /// Returns `true` if its saving has not ended.
    pub fn is_running(&self) -> bool {
        self.ask(|writer| !writer.subscriber().done(), |_| false)
    }

    /// Returns the URLs of its subscans: `/data/a.h5::/1.1`. There are none until they are known.
    pub fn urls(&self) -> Vec<String> {
        self.ask(
            |writer| writer.progress().urls(),
            |ended| ended.urls.clone(),
        )
    }

    /// Returns the progress of its subscans. There are none until they are known.
    pub fn progress(&self) -> Vec<SubscanProgress> {
        self.ask(
            |writer| writer.progress().subscans(),
            |ended| ended.progress.clone(),
        )
    }

    /// Returns the bytes of these points.
    pub fn bytes(&self) -> u64 {
        self.ask(|writer| writer.progress().bytes(), |ended| ended.bytes)
    }

    /// Returns how far the saving of each stream of numbers is behind. There are none until they are known, nor
    /// when the saving has ended.
    pub fn lags(&self) -> Vec<StreamLag> {
        self.ask(|writer| writer.progress().lags(), |_| Vec::new())
    }

    /// Returns when the scan appeared.
    pub fn created(&self) -> DateTime<Local> {
        self.scan.created
    }

    /// Returns when its saving began, which is when its subscriber was subscribed.
    pub fn began(&self) -> Option<DateTime<Local>> {
        self.times().began
    }

    /// Returns when its saving ended.
    pub fn ended(&self) -> Option<DateTime<Local>> {
        self.times().ended
    }

    /// Returns the time from the start of its saving until now, or until the end.
    pub fn duration(&self) -> Duration {
        self.ask(duration, |ended| ended.duration)
    }

    /// Returns when the scan itself started.
    pub fn scan_start(&self) -> Option<DateTime<FixedOffset>> {
        self.scan.summary.start_time
    }

    /// Returns when the scan itself ended, once that is published.
    pub fn scan_end(&self) -> Option<DateTime<FixedOffset>> {
        self.ask(
            |writer| writer.progress().scan_end(),
            |ended| ended.scan_end,
        )
    }

    /// Requests to stop its saving: data that have come so far are saved, and the reason is `Stop
    /// requested`. Does nothing if the saving has ended.
    pub fn stop(&self) {
        if let Some(subscriber) = self.subscriber() {
            subscriber.abort();
        }
    }

    /// Waits until its saving has ended, for at most `timeout`. Returns `true` if it has.
    pub async fn join(&self, timeout: Option<Duration>) -> bool {
        match self.subscriber() {
            Some(subscriber) => subscriber.join(timeout).await,
            None => true,
        }
    }

    /// Calls [`join`](Self::join) from a plain thread.
    ///
    /// # Errors
    /// Returns an error in a greenlet.
    pub fn join_blocking(&self, timeout: Option<Duration>) -> Result<bool, BlockingInGreenlet> {
        match self.subscriber() {
            Some(subscriber) => subscriber.join_blocking(timeout),
            None => Ok(true),
        }
    }

    /// Returns `true` if its file may be written or created, also if the scan has no file or the
    /// file system does not answer within 0.1 s.
    pub async fn has_write_permission(&self) -> bool {
        match self.path() {
            Some(path) => filesystem::writable_soon(path).await.unwrap_or(true),
            None => true,
        }
    }

    /// Calls [`has_write_permission`](Self::has_write_permission) from a plain thread.
    ///
    /// # Errors
    /// Returns an error in a greenlet.
    pub fn has_write_permission_blocking(&self) -> Result<bool, BlockingInGreenlet> {
        match self.path() {
            Some(path) => Ok(filesystem::writable_soon_blocking(path)?.unwrap_or(true)),
            None => Ok(true),
        }
    }

    /// Returns the free space in bytes where its file is or will be. Returns `None` if the scan has
    /// no file, or if the file system does not answer within 0.1 s.
    pub async fn free_space(&self) -> Option<u64> {
        filesystem::free_space_soon(self.path()?).await
    }

    /// Calls [`free_space`](Self::free_space) from a plain thread.
    ///
    /// # Errors
    /// Returns an error in a greenlet.
    pub fn free_space_blocking(&self) -> Result<Option<u64>, BlockingInGreenlet> {
        match self.path() {
            Some(path) => filesystem::free_space_soon_blocking(path),
            None => Ok(None),
        }
    }

    /// Keeps the values that clients can read, and drops the writer.
    pub(crate) fn end(&self) {
        let mut saving = self.saving();
        if let SavingState::Running(writer) = &*saving {
            let (subscriber, progress) = (writer.subscriber(), writer.progress());
            *saving = SavingState::Ended(Box::new(EndedScan {
                state: subscriber.state(),
                reason: subscriber.reason(),
                times: subscriber.times(),
                duration: duration(writer),
                urls: progress.urls(),
                progress: progress.subscans(),
                bytes: progress.bytes(),
                scan_end: progress.scan_end(),
            }));
        }
    }

    pub(super) fn ended_before(&self, ago: Duration) -> bool {
        let since = |end: DateTime<Local>| (Local::now() - end).to_std().unwrap_or_default();
        self.ended().is_some_and(|end| since(end) >= ago)
    }

    fn path(&self) -> Option<&Path> {
        self.scan.summary.path.as_deref()
    }

    fn times(&self) -> Times {
        self.ask(|writer| writer.subscriber().times(), |ended| ended.times)
    }

    fn subscriber(&self) -> Option<Subscriber> {
        self.ask(|writer| Some(writer.subscriber().clone()), |_| None)
    }

    fn ask<T>(
        &self,
        running: impl FnOnce(&NexusScanWriter) -> T,
        ended: impl FnOnce(&EndedScan) -> T,
    ) -> T {
        match &*self.saving() {
            SavingState::Running(writer) => running(writer),
            SavingState::Ended(end) => ended(end),
        }
    }

    /// A panic cannot poison the state: no code that runs under the lock could leave it
    /// inconsistent.
    fn saving(&self) -> MutexGuard<'_, SavingState> {
        self.scan
            .saving
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn duration(writer: &NexusScanWriter) -> Duration {
    writer.subscriber().duration().unwrap_or_default()
}
