//! The progress of the saving of a scan.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, FixedOffset};
use observation::{ReferredFiles, ScanEntry};

use super::figures::{self, PointRange};
use super::stream_lag::{StreamFigures, StreamLag, StreamTable};
use crate::layout::SubscanEntry;

/// Figures of a scan that is being saved, readable from any thread.
#[derive(Debug, Default)]
pub struct ScanProgress {
    points: AtomicU64,
    bytes: AtomicU64,
    expected_subscans: OnceLock<ExpectedSubscans>,
    datasets: Mutex<Vec<Arc<DatasetPoints>>>,
    scan_end: OnceLock<DateTime<FixedOffset>>,
    streams: StreamTable,
    referred: Mutex<ReferredFiles>,
}

/// Progress of a subscan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscanProgress {
    /// Name of the top master.
    pub name: String,
    /// Points of its datasets.
    pub points: PointRange,
    /// Number of points that the scan announced, if it did.
    pub expected: Option<u64>,
}

/// What is known as soon as the layout of the scan is.
#[derive(Debug)]
struct ExpectedSubscans {
    subscans: Vec<SubscanEntry>,
    expected: Option<u64>,
}

#[derive(Debug)]
struct DatasetPoints {
    subscan: String,
    points: AtomicU64,
}

impl ScanProgress {
    /// Returns the number of points that were taken so far, summed over the datasets.
    pub fn points(&self) -> u64 {
        self.points.load(Ordering::Relaxed)
    }

    /// Returns the bytes of these points.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns the subscans, in the order of their entries. There are none before the layout is
    /// known.
    pub fn subscans(&self) -> Vec<SubscanProgress> {
        let Some(expected_subscans) = self.expected_subscans.get() else {
            return Vec::new();
        };
        let datasets = self.datasets();
        let points = |name: &str| {
            let own = datasets.iter().filter(|dataset| dataset.subscan == name);
            PointRange::between(own.map(|dataset| dataset.points.load(Ordering::Relaxed)))
        };
        let subscans = expected_subscans
            .subscans
            .iter()
            .map(|subscan| SubscanProgress {
                name: subscan.name.clone(),
                points: points(&subscan.name),
                expected: expected_subscans.expected,
            });
        subscans.collect()
    }

    /// Returns the URLs of the subscans: `/data/a.h5::/1.1`. There are none before the layout is
    /// known.
    pub fn urls(&self) -> Vec<String> {
        let subscans = self
            .expected_subscans
            .get()
            .map(|expected_subscans| expected_subscans.subscans.iter());
        let urls = subscans.into_iter().flatten().map(SubscanEntry::url);
        urls.collect()
    }

    /// Returns the entries of the subscans. There are none before the layout is known.
    pub(crate) fn entries(&self) -> Vec<ScanEntry> {
        let known = self.expected_subscans.get();
        let subscans = known.map_or(&[][..], |known| &known.subscans);
        let entry = |subscan: &SubscanEntry| ScanEntry {
            file: subscan.file.as_str().into(),
            entry: subscan.entry.clone(),
        };
        subscans.iter().map(entry).collect()
    }

    /// Returns the points of the dataset that has the fewest and of the one that has the most.
    pub(crate) fn point_range(&self) -> PointRange {
        let datasets = self.datasets();
        PointRange::between(
            datasets
                .iter()
                .map(|one| one.points.load(Ordering::Relaxed)),
        )
    }

    /// Returns when the scan itself ended, once that is published.
    pub fn scan_end(&self) -> Option<DateTime<FixedOffset>> {
        self.scan_end.get().copied()
    }

    /// Returns how far the saving of each stream of numbers is behind. There are none before the streams are
    /// known.
    pub fn lags(&self) -> Vec<StreamLag> {
        self.streams.lags()
    }

    /// Returns the figures of a stream of numbers.
    pub(crate) fn stream(&self, name: &str) -> Arc<StreamFigures> {
        self.streams.stream(name)
    }

    /// Sets the subscans of the layout and the announced number of points. Later calls have no
    /// effect.
    pub(crate) fn begin(&self, subscans: Vec<SubscanEntry>, expected: Option<u64>) {
        self.expected_subscans
            .get_or_init(|| ExpectedSubscans { subscans, expected });
    }

    /// Returns the files that belong to the scan besides those with its entries.
    pub(crate) fn referred_files(&self) -> ReferredFiles {
        self.referred().clone()
    }

    /// Notes a file that has links to the entries, or other parts of the scan.
    pub(crate) fn add_master(&self, file: &Path) {
        self.referred().add_master(file);
    }

    /// Notes a file of a detector to which datasets of the scan refer.
    pub(crate) fn add_detector_file(&self, file: &Path) {
        self.referred().add_detector_file(file);
    }

    fn referred(&self) -> MutexGuard<'_, ReferredFiles> {
        self.referred.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the points that were counted, because the scan is saved anew or continued.
    pub(crate) fn restart(&self) {
        self.datasets().clear();
        self.points.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Sets when the scan itself ended. Later calls have no effect.
    pub(crate) fn end(&self, time: DateTime<FixedOffset>) {
        self.scan_end.get_or_init(|| time);
    }

    /// Returns a counter for the points of another dataset of a subscan.
    pub(crate) fn dataset(self: &Arc<ScanProgress>, subscan: &str) -> DatasetCounter {
        let dataset = Arc::new(DatasetPoints {
            subscan: subscan.to_owned(),
            points: AtomicU64::new(0),
        });
        self.datasets().push(dataset.clone());
        DatasetCounter {
            progress: self.clone(),
            dataset,
        }
    }

    fn datasets(&self) -> MutexGuard<'_, Vec<Arc<DatasetPoints>>> {
        self.datasets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Formats points and size in one line: `3pts-5pts 48.0B`.
impl fmt::Display for ScanProgress {
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
pub(crate) struct DatasetCounter {
    progress: Arc<ScanProgress>,
    dataset: Arc<DatasetPoints>,
}

impl DatasetCounter {
    /// Returns the progress of the scan to which the dataset belongs.
    pub fn progress(&self) -> &Arc<ScanProgress> {
        &self.progress
    }

    /// Counts points that the dataset has taken.
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
        let progress = Arc::new(ScanProgress::default());
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
        let progress = Arc::new(ScanProgress::default());
        progress.begin(vec![subscan("axis", "1.1")], Some(11));
        progress.dataset("axis").add(4, 32);
        assert_eq!(progress.to_string(), "4pts-4pts 32.0B");
        assert_eq!(progress.subscans()[0].expected, Some(11));
    }
}
