//! The scans of the process, one by one: those that are being saved, and the last ones that were.
//!
//! A writer reports a scan with [`ScanTable::begin`] and gives a [`ScanView`], through which readers ask for figures when
//! they want them. So a scan costs the same whether anybody looks or not. Data of its channels are in
//! [`LiveChannel`]s.

mod channel;
mod early_points;
mod known_file;
mod live_memory;
mod live_queue;
mod live_scan;
mod number_type;
mod past_scan;
mod referred_files;
mod sample;
mod view;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use channel::{ChannelKind, ChannelOutline, LiveChannel, PointBlock, STREAMS_WITH_DATA};
pub use known_file::KnownFile;
pub use live_memory::LiveMemory;
pub use live_queue::{LiveBlock, LiveQueue};
pub use live_scan::{LiveReport, LiveScan};
pub use number_type::{NumberKind, NumberType};
pub use past_scan::{MAX_PAST_SCANS, PastScan, ScanEnding};
pub use referred_files::{FileSeries, ReferredFiles};
pub use sample::{LARGEST_SIDE, Sample};
pub use view::{ScanEntry, ScanGrid, ScanNow, ScanOutline, ScanPlot, ScanRef, ScanView, StreamNow};

use past_scan::PastScans;

/// The most past scans whose channels are still there.
const MAX_KEPT_SCANS: usize = 256;

/// Scans that are being saved, and the last ones that were.
#[derive(Debug, Default)]
pub struct ScanTable {
    list: Mutex<ScanList>,
    is_read: AtomicBool,
    /// What the readers of live data have not taken yet.
    pub queue: LiveQueue,
    /// The memory of the channels of all scans.
    pub memory: LiveMemory,
}

#[derive(Debug)]
struct ScanList {
    /// The number of the scan that began last. Those of scans of earlier processes are before all others.
    last_number: u64,
    /// The number of the scan of an earlier process that was added last.
    earlier_number: u64,
    running: BTreeMap<u64, Arc<LiveScan>>,
    past: PastScans,
    /// Past scans whose channels are still there, from the one that ended first.
    kept: VecDeque<Arc<LiveScan>>,
    last: Option<Arc<PastScan>>,
}

impl Default for ScanList {
    fn default() -> ScanList {
        let earlier = MAX_PAST_SCANS as u64;
        ScanList {
            last_number: earlier,
            earlier_number: earlier + 1,
            running: BTreeMap::new(),
            past: PastScans::default(),
            kept: VecDeque::new(),
            last: None,
        }
    }
}

/// A scan that was looked for.
#[derive(Debug, Clone)]
pub struct FoundScan {
    /// What is known of its channels. That of past scans is forgotten when newer ones need the memory.
    pub live: Option<Arc<LiveScan>>,
    /// How its saving has ended, if it has.
    pub past: Option<Arc<PastScan>>,
}

impl ScanTable {
    /// Notes that somebody may ask for the scans.
    pub fn set_read(&self) {
        self.is_read.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if somebody may ask for the scans.
    pub fn is_read(&self) -> bool {
        self.is_read.load(Ordering::Relaxed)
    }

    /// Returns the scans that are being saved, the newest first.
    pub fn running(&self) -> Vec<Arc<LiveScan>> {
        self.list().running.values().rev().cloned().collect()
    }

    /// Returns the scan whose saving ended last, without those that were skipped.
    pub fn last(&self) -> Option<Arc<PastScan>> {
        self.list().last.clone()
    }

    /// Returns at most `limit` past scans that began before the one with this number, the newest first.
    pub fn past(
        &self,
        before: u64,
        limit: usize,
        is_wanted: impl Fn(&PastScan) -> bool,
    ) -> Vec<Arc<PastScan>> {
        let list = self.list();
        let scans = list.past.before(before).filter(|scan| is_wanted(scan));
        scans.take(limit).cloned().collect()
    }

    /// Looks for the scan of this key: the newest one, if it was saved several times.
    pub fn find(&self, key: &str) -> Option<FoundScan> {
        let list = self.list();
        let is_it = |scan: &&Arc<LiveScan>| scan.name().key == key;
        if let Some(live) = list.running.values().rev().find(is_it) {
            return Some(FoundScan {
                live: Some(live.clone()),
                past: None,
            });
        }
        let past = list.past.find(key)?.clone();
        let mut kept = list.kept.iter();
        Some(FoundScan {
            live: kept.find(|scan| scan.number() == past.number).cloned(),
            past: Some(past),
        })
    }

    /// Adds a scan that an earlier process has saved, older than those that were added before. It gets another number, and
    /// is left out if this process has to do with a scan of the same key. Returns `false` if there is no room for it, nor
    /// for others.
    pub fn add_earlier(&self, mut scan: PastScan) -> bool {
        let mut list = self.list();
        let number = list.earlier_number - 1;
        if number == 0 {
            return false;
        }
        let key = &scan.name.key;
        let is_known = list.running.values().any(|known| known.name().key == *key)
            || list.past.find(key).is_some();
        if is_known {
            return true;
        }
        scan.number = number;
        scan.shorten();
        list.earlier_number = number;
        list.past.add(Arc::new(scan));
        list.past.has(number)
    }

    /// Adds a scan that is about to be saved.
    fn add(&self, make: impl FnOnce(u64) -> LiveScan) -> Arc<LiveScan> {
        let mut list = self.list();
        list.last_number += 1;
        let scan = Arc::new(make(list.last_number));
        list.past.forget_earlier(&scan.name().key);
        list.running.insert(scan.number(), scan.clone());
        scan
    }

    /// Moves a scan to the past ones.
    fn end(&self, scan: &Arc<LiveScan>, past: PastScan) {
        let mut list = self.list();
        let past = Arc::new(past);
        list.running.remove(&scan.number());
        if past.outcome != crate::ScanOutcome::Skipped {
            list.last = Some(past.clone());
            list.kept.push_back(scan.clone());
        }
        list.past.add(past);
        let forgotten = match list.kept.len() > MAX_KEPT_SCANS {
            true => list.kept.pop_front(),
            false => None,
        };
        drop(list);
        // It gives its memory back without the lock.
        drop(forgotten);
        while self.memory.is_short() && self.forget_oldest() {}
    }

    /// Forgets the channels of the past scan that ended first. Returns `false` if there is none.
    fn forget_oldest(&self) -> bool {
        let forgotten = self.list().kept.pop_front();
        forgotten.is_some()
    }

    /// No code runs under the lock that could leave the list half changed.
    fn list(&self) -> MutexGuard<'_, ScanList> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::{Observation, ScanOutcome};

    #[derive(Debug)]
    struct TestView;

    impl ScanView for TestView {
        fn now(&self) -> ScanNow {
            ScanNow {
                points: 3,
                ..ScanNow::default()
            }
        }

        fn warnings(&self, limit: usize) -> Vec<String> {
            vec!["low disk space".to_owned(); limit.min(30)]
        }
    }

    fn begin(observation: &Arc<Observation>, key: &str) -> LiveReport {
        let name = ScanRef {
            key: key.to_owned(),
            name: format!("{key}_ascan"),
            ..ScanRef::default()
        };
        LiveReport::new(observation, name, Arc::new(TestView))
    }

    fn ending(outcome: ScanOutcome) -> ScanEnding {
        ScanEnding {
            outcome,
            reason: "saving complete".to_owned(),
            duration: Duration::from_secs(3),
        }
    }

    fn numbers(name: &str) -> ChannelOutline {
        ChannelOutline {
            name: name.to_owned(),
            label: name.to_owned(),
            unit: None,
            shape: Vec::new(),
            number: Some(NumberType {
                kind: NumberKind::Uint,
                size: 1,
                is_big_endian: false,
            }),
            kind: ChannelKind::Number,
            is_in_files: false,
        }
    }

    fn block(first: u64, data: &[u8]) -> PointBlock<'_> {
        PointBlock {
            first,
            count: data.len() as u64,
            shape: None,
            data,
        }
    }

    #[test]
    fn a_scan_is_running_and_then_past() {
        let observation = Arc::new(Observation::default());
        let scans = &observation.scans;
        let (first, second) = (begin(&observation, "a"), begin(&observation, "b"));
        let running: Vec<_> = scans.running().iter().map(|scan| scan.number()).collect();
        assert_eq!(running, [10_002, 10_001]);
        assert!(scans.find("a").unwrap().past.is_none());
        first.clone().end(ending(ScanOutcome::Complete));
        drop(first);
        let found = scans.find("a").unwrap();
        assert_eq!(found.live.unwrap().number(), 10_001);
        let past = found.past.unwrap();
        assert_eq!((past.outcome, past.points), (ScanOutcome::Complete, 3));
        assert_eq!(past.warnings.len(), 20);
        // Nobody has said how it ended.
        drop(second);
        assert!(scans.running().is_empty());
        let last = scans.last().unwrap();
        assert_eq!((last.number, last.outcome), (10_002, ScanOutcome::Failed));
        begin(&observation, "c").end(ending(ScanOutcome::Skipped));
        assert_eq!(scans.last(), Some(last));
        let numbers = |before, limit| -> Vec<u64> {
            let past = scans.past(before, limit, |past| past.name.key != "b");
            past.iter().map(|past| past.number).collect()
        };
        assert_eq!(
            (numbers(u64::MAX, 10), numbers(10_003, 1)),
            (vec![10_003, 10_001], vec![10_001])
        );
        assert!(scans.find("d").is_none());
    }

    fn earlier(key: &str) -> PastScan {
        PastScan {
            number: 0,
            name: ScanRef {
                key: key.to_owned(),
                ..ScanRef::default()
            },
            title: "ü".repeat(600),
            outcome: ScanOutcome::Incomplete,
            reason: String::new(),
            started: SystemTime::UNIX_EPOCH,
            ended: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            points: 3,
            bytes: None,
            lost: 0,
            loss_reason: None,
            entries: Vec::new(),
            referred: ReferredFiles::default(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn scans_of_earlier_processes_are_before_all_others() {
        let observation = Arc::new(Observation::default());
        let scans = &observation.scans;
        let running = begin(&observation, "running");
        begin(&observation, "ended").end(ending(ScanOutcome::Complete));
        for key in ["running", "new", "ended", "old"] {
            assert!(scans.add_earlier(earlier(key)));
        }
        let past = scans.past(u64::MAX, 10, |_| true);
        let keys: Vec<_> = past.iter().map(|past| past.name.key.as_str()).collect();
        assert_eq!(keys, ["ended", "new", "old"]);
        assert_eq!(past[1].title.chars().count(), 501);
        // A scan that is continued is no longer an earlier one.
        let again = begin(&observation, "new");
        assert!(scans.find("new").unwrap().past.is_none());
        again.end(ending(ScanOutcome::Complete));
        drop(running);
        let mut added = 0;
        while scans.add_earlier(earlier(&format!("{added}"))) {
            added += 1;
            assert!(added < 20_000);
        }
        assert!(added < MAX_PAST_SCANS);
        let found = scans.find("new").unwrap().past.unwrap();
        assert_eq!(found.outcome, ScanOutcome::Complete);
    }

    #[test]
    fn points_are_queued_only_while_somebody_watches() {
        let observation = Arc::new(Observation::default());
        let report = begin(&observation, "a");
        let diode = report.add_channel(numbers("diode"));
        assert_eq!(report.add_channel(numbers("diode")), diode);
        report.receive(diode, block(0, &[5, 6]));
        assert!(observation.scans.queue.take().is_empty());
        let scan = observation.scans.running().remove(0);
        scan.set_watched(true);
        report.receive(diode, block(2, &[7]));
        report.lose(diode, 3, 4, &"they are too old");
        let queued = observation.scans.queue.take();
        assert_eq!((queued[0].first, &*queued[0].data), (2, &[7][..]));
        let channel = scan.channels().remove(0);
        let mut early = Vec::new();
        channel.early_points(|first, data| early.push((first, data.to_vec())));
        assert_eq!(early, [(0, vec![5, 6, 7])]);
        assert_eq!((channel.received(), channel.lost()), (7, vec![(3, 7)]));
        assert_eq!(scan.lost_points(), 4);
        assert_eq!(scan.loss_reason(), Some("they are too old"));
        // A block that does not fit the type is no data.
        let odd = PointBlock {
            count: 2,
            ..block(7, &[1])
        };
        report.receive(diode, odd);
        assert!(observation.scans.queue.take().is_empty());
    }

    #[test]
    fn past_scans_give_their_memory_to_running_ones() {
        let observation = Arc::new(Observation::default());
        let memory = &observation.scans.memory;
        memory.set_limit(20_000);
        let mut keys = Vec::new();
        for number in 0..20 {
            let key = format!("{number}");
            let report = begin(&observation, &key);
            let diode = report.add_channel(numbers("diode"));
            report.receive(diode, block(0, &[0; 3000]));
            report.end(ending(ScanOutcome::Complete));
            assert!(memory.used() <= 20_000);
            keys.push(key);
        }
        let has_channels = |key: &String| observation.scans.find(key).unwrap().live.is_some();
        assert!(has_channels(&keys[19]) && !has_channels(&keys[0]));
        for number in 0..300 {
            begin(&observation, &format!("b{number}")).end(ending(ScanOutcome::Complete));
        }
        assert!(!has_channels(&keys[19]));
        assert_eq!(memory.used(), 0);
    }
}
