//! Data of running scans for those who look at them.
//!
//! A scan is *watched* from the first request for its data until some time after the last one. The first points of each
//! channel are there in any case; the following ones come through a queue while the scan is watched, and are kept as
//! curves of bounded size. So a curve that somebody begins to watch late may have a gap, which the answer says.

mod bins;
mod map;
mod routes;
mod shared_answers;
mod watched_scan;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use observation::{LiveScan, ScanTable};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

pub use routes::router;
use shared_answers::SharedAnswers;
use watched_scan::WatchedScan;

/// How long a scan is watched after the last request for its data.
const WATCH_TIME: Duration = Duration::from_secs(10);

/// How often the queue is emptied while a scan is watched.
const PERIOD: Duration = Duration::from_millis(100);

/// Data of the scans that are or were watched.
#[derive(Debug)]
pub struct LiveData {
    scans: Mutex<BTreeMap<u64, WatchedScan>>,
    /// Sent when a scan begins to be watched.
    begun: Notify,
    /// What the curves and maps of all scans may need, in bytes.
    memory: usize,
    /// Answers that several viewers get.
    answers: SharedAnswers,
}

impl LiveData {
    /// Creates the data, of which the curves and maps may need this number of bytes. With 0, there are none.
    pub fn new(memory: usize) -> LiveData {
        LiveData {
            scans: Mutex::default(),
            begun: Notify::new(),
            memory,
            answers: SharedAnswers::default(),
        }
    }

    /// Returns `true` if no data are kept.
    fn is_off(&self) -> bool {
        self.memory == 0
    }

    /// Calls a function with the data of a scan, which is watched from now on.
    fn ask<T>(
        &self,
        table: &ScanTable,
        scan: &Arc<LiveScan>,
        answer: impl FnOnce(&mut WatchedScan) -> T,
    ) -> T {
        let mut scans = self.scans();
        take_queued(&mut scans, table);
        let watched = scans
            .entry(scan.number())
            .or_insert_with(|| WatchedScan::new(scan));
        if watched.watch() {
            self.begun.notify_one();
        }
        let answer = answer(watched);
        self.forget(&mut scans, scan.number());
        answer
    }

    /// Returns a scan that is or was watched.
    pub fn find(&self, number: u64) -> Option<Arc<LiveScan>> {
        let scans = self.scans();
        scans.get(&number).map(|watched| watched.scan().clone())
    }

    /// Forgets the oldest scans until the others have room. That of this number stays.
    fn forget(&self, scans: &mut BTreeMap<u64, WatchedScan>, number: u64) {
        let mut used: usize = scans.values().map(WatchedScan::size).sum();
        while used > self.memory {
            let oldest = scans.keys().find(|oldest| **oldest != number).copied();
            let Some(forgotten) = oldest.and_then(|oldest| scans.remove(&oldest)) else {
                break;
            };
            forgotten.end();
            used -= forgotten.size();
        }
    }

    /// Takes what has come. Returns `false` if no scan is watched any more.
    fn look(&self, table: &ScanTable) -> bool {
        let mut scans = self.scans();
        take_queued(&mut scans, table);
        for scan in scans.values_mut() {
            scan.end_if_unused(WATCH_TIME);
        }
        scans.values().any(|scan| scan.scan().is_watched())
    }

    /// No code runs under the lock that could leave the scans half changed.
    fn scans(&self) -> MutexGuard<'_, BTreeMap<u64, WatchedScan>> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_queued(scans: &mut BTreeMap<u64, WatchedScan>, table: &ScanTable) {
    let mut blocks = table.queue.take();
    // A block whose scan was forgotten meanwhile is of no use.
    for block in blocks.drain(..) {
        if let Some(scan) = scans.get_mut(&block.scan) {
            scan.take(&block);
        }
    }
}

/// Takes the points of watched scans out of the queue. Runs for ever.
pub async fn take_points(data: &LiveData, table: &ScanTable) {
    loop {
        data.begun.notified().await;
        let mut clock = interval(PERIOD);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            if !data.look(table) {
                break;
            }
        }
        data.answers.clear();
    }
}
