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
    /// What the readers of live data have not taken yet.
    pub queue: LiveQueue,
    /// The memory of the channels of all scans.
    pub memory: LiveMemory,
}

#[derive(Debug, Default)]
struct ScanList {
    next: u64,
    running: BTreeMap<u64, Arc<LiveScan>>,
    past: PastScans,
    /// Past scans whose channels are still there, from the one that ended first.
    kept: VecDeque<Arc<LiveScan>>,
    last: Option<Arc<PastScan>>,
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

    /// Adds a scan that is about to be saved.
    fn add(&self, make: impl FnOnce(u64) -> LiveScan) -> Arc<LiveScan> {
        let mut list = self.list();
        list.next += 1;
        let scan = Arc::new(make(list.next));
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
    use std::time::Duration;

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
        assert_eq!(running, [2, 1]);
        assert!(scans.find("a").unwrap().past.is_none());
        first.clone().end(ending(ScanOutcome::Complete));
        drop(first);
        let found = scans.find("a").unwrap();
        assert_eq!(found.live.unwrap().number(), 1);
        let past = found.past.unwrap();
        assert_eq!((past.outcome, past.points), (ScanOutcome::Complete, 3));
        assert_eq!(past.warnings.len(), 20);
        // Nobody has said how it ended.
        drop(second);
        assert!(scans.running().is_empty());
        let last = scans.last().unwrap();
        assert_eq!((last.number, last.outcome), (2, ScanOutcome::Failed));
        begin(&observation, "c").end(ending(ScanOutcome::Skipped));
        assert_eq!(scans.last(), Some(last));
        let numbers = |before, limit| -> Vec<u64> {
            let past = scans.past(before, limit, |past| past.name.key != "b");
            past.iter().map(|past| past.number).collect()
        };
        assert_eq!(
            (numbers(u64::MAX, 10), numbers(3, 1)),
            (vec![3, 1], vec![1])
        );
        assert!(scans.find("d").is_none());
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
        report.lose(diode, 3, 4);
        let queued = observation.scans.queue.take();
        assert_eq!((queued[0].first, &*queued[0].data), (2, &[7][..]));
        let channel = scan.channels().remove(0);
        let mut early = Vec::new();
        channel.early_points(|first, data| early.push((first, data.to_vec())));
        assert_eq!(early, [(0, vec![5, 6, 7])]);
        assert_eq!((channel.received(), channel.lost()), (7, vec![(3, 7)]));
        assert_eq!(scan.lost_points(), 4);
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
