//! How far the saving of a scan is, while it goes on.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::figures::{self, Points};

/// Figures of a scan that is being saved, readable from any thread.
#[derive(Debug, Default)]
pub struct Progress {
    points: AtomicU64,
    bytes: AtomicU64,
    datasets: Mutex<Vec<Arc<Dataset>>>,
}

#[derive(Debug)]
struct Dataset {
    path: String,
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

    /// The entries of the scan, one for each subscan, with the points of their datasets.
    pub fn subscans(&self) -> Vec<(String, Points)> {
        let mut subscans: Vec<(String, Vec<u64>)> = Vec::new();
        let datasets = self.datasets.lock();
        for dataset in datasets.unwrap_or_else(PoisonError::into_inner).iter() {
            let entry = dataset.path.trim_start_matches('/').split('/').next();
            let entry = entry.unwrap_or_default();
            let points = dataset.points.load(Ordering::Relaxed);
            match subscans.iter_mut().find(|(name, _)| name == entry) {
                Some((_, all)) => all.push(points),
                None => subscans.push((entry.to_owned(), vec![points])),
            }
        }
        let between = |(name, points)| (name, Points::between(points));
        subscans.into_iter().map(between).collect()
    }

    /// Counts the points of a dataset from now on.
    pub(crate) fn dataset(self: &Arc<Progress>, path: &str) -> Counter {
        let dataset = Arc::new(Dataset {
            path: path.to_owned(),
            points: AtomicU64::new(0),
        });
        let mut datasets = self.datasets.lock().unwrap_or_else(PoisonError::into_inner);
        datasets.push(dataset.clone());
        Counter {
            progress: self.clone(),
            dataset,
        }
    }
}

/// Points and size in one line: `3pts-5pts 48.0B`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let subscans = self.subscans();
        let subscans = subscans
            .iter()
            .map(|(name, points)| (name.as_str(), *points));
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

    #[test]
    fn datasets_are_counted_by_entry() {
        let progress = Arc::new(Progress::default());
        assert_eq!(progress.to_string(), "0pts-0pts 0.0B");
        let diode = progress.dataset("/1.1/instrument/diode/data");
        let _timer = progress.dataset("/1.1/instrument/timer/data");
        diode.add(3, 24);
        assert_eq!(progress.to_string(), "0pts-3pts 24.0B");
        progress.dataset("/1.2/instrument/mca/data").add(2, 2048);
        assert_eq!(progress.to_string(), "1.1:0pts-3pts 1.2:2pts-2pts 2.0KB");
        assert_eq!((progress.points(), progress.bytes()), (5, 2072));
    }
}
