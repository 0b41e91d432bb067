//! How far the saving of a scan is, while it goes on.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, FixedOffset};

use super::figures::{self, Points};
use crate::layout::SubscanEntry;

/// Figures of a scan that is being saved, readable from any thread.
#[derive(Debug, Default)]
pub struct Progress {
    points: AtomicU64,
    bytes: AtomicU64,
    plan: OnceLock<Plan>,
    datasets: Mutex<Vec<Arc<Dataset>>>,
    scan_end: OnceLock<DateTime<FixedOffset>>,
}

/// How far a subscan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscanProgress {
    /// Name of the top master.
    pub name: String,
    /// Points of its datasets.
    pub points: Points,
    /// Points that the scan said it would have, if it did.
    pub expected: Option<u64>,
}

/// What is known once the layout of the scan is.
#[derive(Debug)]
struct Plan {
    subscans: Vec<SubscanEntry>,
    expected: Option<u64>,
}

#[derive(Debug)]
struct Dataset {
    subscan: String,
    points: AtomicU64,
}

impl Progress {
    /// Points taken so far, summed over the datasets.
    pub fn points(&self) -> u64 {
        self.points.load(Ordering::Relaxed)
    }

    /// Bytes of these points.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The subscans, in the order of their entries; none before the layout is known.
    pub fn subscans(&self) -> Vec<SubscanProgress> {
        let Some(plan) = self.plan.get() else {
            return Vec::new();
        };
        let datasets = self.datasets();
        let points = |name: &str| {
            let own = datasets.iter().filter(|dataset| dataset.subscan == name);
            Points::between(own.map(|dataset| dataset.points.load(Ordering::Relaxed)))
        };
        let subscans = plan.subscans.iter().map(|subscan| SubscanProgress {
            name: subscan.name.clone(),
            points: points(&subscan.name),
            expected: plan.expected,
        });
        subscans.collect()
    }

    /// Where the data of the subscans are: `/data/a.h5::/1.1`; nothing before the layout is known.
    pub fn urls(&self) -> Vec<String> {
        let subscans = self.plan.get().map(|plan| plan.subscans.iter());
        let urls = subscans.into_iter().flatten().map(SubscanEntry::url);
        urls.collect()
    }

    /// When the scan itself ended, as it tells.
    pub fn scan_end(&self) -> Option<DateTime<FixedOffset>> {
        self.scan_end.get().copied()
    }

    /// The layout is known, and the points that the scan says it will have. Later calls change nothing.
    pub(crate) fn begin(&self, subscans: Vec<SubscanEntry>, expected: Option<u64>) {
        self.plan.get_or_init(|| Plan { subscans, expected });
    }

    /// The scan has ended. Later calls change nothing.
    pub(crate) fn end(&self, time: DateTime<FixedOffset>) {
        self.scan_end.get_or_init(|| time);
    }

    /// Counts the points of a dataset of a subscan from now on.
    pub(crate) fn dataset(self: &Arc<Progress>, subscan: &str) -> Counter {
        let dataset = Arc::new(Dataset {
            subscan: subscan.to_owned(),
            points: AtomicU64::new(0),
        });
        self.datasets().push(dataset.clone());
        Counter {
            progress: self.clone(),
            dataset,
        }
    }

    fn datasets(&self) -> MutexGuard<'_, Vec<Arc<Dataset>>> {
        self.datasets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Points and size in one line: `3pts-5pts 48.0B`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let subscans = self.subscans();
        let subscans = subscans
            .iter()
            .map(|subscan| (subscan.name.as_str(), subscan.points));
        let size = figures::bytes(self.bytes());
        write!(f, "{} {size}", figures::progress(subscans))
    }
}

/// Counts the points of one dataset.
#[derive(Debug)]
pub(crate) struct Counter {
    progress: Arc<Progress>,
    dataset: Arc<Dataset>,
}

impl Counter {
    /// Counts points that the dataset took.
    pub fn add(&self, points: u64, bytes: u64) {
        self.dataset.points.fetch_add(points, Ordering::Relaxed);
        self.progress.points.fetch_add(points, Ordering::Relaxed);
        self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscan(name: &str, entry: &str) -> SubscanEntry {
        SubscanEntry {
            name: name.to_owned(),
            file: "/data/a.h5".to_owned(),
            entry: entry.to_owned(),
        }
    }

    #[test]
    fn datasets_are_counted_by_subscan() {
        let progress = Arc::new(Progress::default());
        assert_eq!(progress.to_string(), "0pts-0pts 0.0B");
        assert!(progress.urls().is_empty());
        progress.begin(vec![subscan("axis", "1.1"), subscan("timer", "1.2")], None);
        assert_eq!(progress.urls(), ["/data/a.h5::/1.1", "/data/a.h5::/1.2"]);
        let diode = progress.dataset("axis");
        let _robx = progress.dataset("axis");
        diode.add(3, 24);
        assert_eq!(progress.to_string(), "axis:0pts-3pts timer:0pts-0pts 24.0B");
        progress.dataset("timer").add(2, 2048);
        assert_eq!(progress.to_string(), "axis:0pts-3pts timer:2pts-2pts 2.0KB");
        assert_eq!((progress.points(), progress.bytes()), (5, 2072));
    }

    #[test]
    fn the_only_subscan_is_not_named() {
        let progress = Arc::new(Progress::default());
        progress.begin(vec![subscan("axis", "1.1")], Some(11));
        progress.dataset("axis").add(4, 32);
        assert_eq!(progress.to_string(), "4pts-4pts 32.0B");
        assert_eq!(progress.subscans()[0].expected, Some(11));
    }
}
