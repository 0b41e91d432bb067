//! The record of one scan.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local};
use hub::BlockingInGreenlet;

use super::RecordState;
use crate::filesystem;
use crate::report::SubscanProgress;
use crate::scan::NexusScanWriter;
use crate::source::{ScanId, ScanSummary};
use crate::subscriber::{Subscriber, Times};

/// What became of a scan so far. Clones see the same scan, and what they tell changes with it.
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
    /// Only what is asked for is kept.
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

    /// What clients call the scan: `1_ascan`.
    pub fn name(&self) -> &str {
        &self.scan.summary.name
    }

    /// Its identifier on its server: for BLISS 2 its key in Redis.
    pub fn id(&self) -> &ScanId {
        &self.scan.summary.id
    }

    /// What was known of it from the start.
    pub fn summary(&self) -> &ScanSummary {
        &self.scan.summary
    }

    /// How far its saving is.
    pub fn state(&self) -> RecordState {
        self.ask(|writer| writer.subscriber().state(), |ended| ended.state)
    }

    /// What that means, or why it failed: the first problem.
    pub fn reason(&self) -> String {
        self.ask(
            |writer| writer.subscriber().reason(),
            |ended| ended.reason.clone(),
        )
    }

    /// Whether its saving goes on.
    pub fn is_running(&self) -> bool {
        self.ask(|writer| !writer.subscriber().done(), |_| false)
    }

    /// Where the data of its subscans are: `/data/a.h5::/1.1`; nothing before that is known.
    pub fn urls(&self) -> Vec<String> {
        self.ask(
            |writer| writer.progress().urls(),
            |ended| ended.urls.clone(),
        )
    }

    /// Points of its subscans; nothing before these are known.
    pub fn progress(&self) -> Vec<SubscanProgress> {
        self.ask(
            |writer| writer.progress().subscans(),
            |ended| ended.progress.clone(),
        )
    }

    /// Bytes of these points.
    pub fn bytes(&self) -> u64 {
        self.ask(|writer| writer.progress().bytes(), |ended| ended.bytes)
    }

    /// When it appeared.
    pub fn created(&self) -> DateTime<Local> {
        self.scan.created
    }

    /// When its saving began: when it was subscribed to.
    pub fn began(&self) -> Option<DateTime<Local>> {
        self.times().began
    }

    /// When its saving ended.
    pub fn ended(&self) -> Option<DateTime<Local>> {
        self.times().ended
    }

    /// Time from the start of its saving until now, or until the end.
    pub fn duration(&self) -> Duration {
        self.ask(duration, |ended| ended.duration)
    }

    /// When the scan itself started.
    pub fn scan_start(&self) -> Option<DateTime<FixedOffset>> {
        self.scan.summary.start_time
    }

    /// When the scan itself ended, once it has told.
    pub fn scan_end(&self) -> Option<DateTime<FixedOffset>> {
        self.ask(
            |writer| writer.progress().scan_end(),
            |ended| ended.scan_end,
        )
    }

    /// Has its saving stopped: what came so far is saved, and the reason is `Stop requested`. Nothing
    /// happens if it has ended.
    pub fn stop(&self) {
        if let Some(subscriber) = self.subscriber() {
            subscriber.abort();
        }
    }

    /// Waits until its saving has ended, at most `timeout`; tells whether it has.
    pub async fn join(&self, timeout: Option<Duration>) -> bool {
        match self.subscriber() {
            Some(subscriber) => subscriber.join(timeout).await,
            None => true,
        }
    }

    /// [`join`](Self::join) for plain threads.
    ///
    /// # Errors
    /// In a greenlet.
    pub fn join_blocking(&self, timeout: Option<Duration>) -> Result<bool, BlockingInGreenlet> {
        match self.subscriber() {
            Some(subscriber) => subscriber.join_blocking(timeout),
            None => Ok(true),
        }
    }

    /// Whether its file may be written, or made. True for a scan without a file, and when the file
    /// system does not tell within 0.1 s.
    pub async fn has_write_permission(&self) -> bool {
        match self.path() {
            Some(path) => filesystem::writable_soon(path).await.unwrap_or(true),
            None => true,
        }
    }

    /// [`has_write_permission`](Self::has_write_permission) for plain threads.
    ///
    /// # Errors
    /// In a greenlet.
    pub fn has_write_permission_blocking(&self) -> Result<bool, BlockingInGreenlet> {
        match self.path() {
            Some(path) => Ok(filesystem::writable_soon_blocking(path)?.unwrap_or(true)),
            None => Ok(true),
        }
    }

    /// Bytes that are free where its file is, or will be. None for a scan without a file, and when
    /// the file system does not tell within 0.1 s.
    pub async fn free_space(&self) -> Option<u64> {
        filesystem::free_space_soon(self.path()?).await
    }

    /// [`free_space`](Self::free_space) for plain threads.
    ///
    /// # Errors
    /// In a greenlet.
    pub fn free_space_blocking(&self) -> Result<Option<u64>, BlockingInGreenlet> {
        match self.path() {
            Some(path) => filesystem::free_space_soon_blocking(path),
            None => Ok(None),
        }
    }

    /// Keeps what is asked for, and nothing else of the writer.
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

    /// No code runs under the lock that could leave a life half changed.
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
