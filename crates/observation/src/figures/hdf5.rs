//! The thread that calls HDF5.

use std::time::Duration;

use crate::histogram::{Histogram, Stopwatch};
use crate::number::{Counter, Gauge};

/// What HDF5 is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hdf5Stage {
    /// Opening or creating a file.
    Open,
    /// Making groups, attributes, datasets and links.
    Build,
    /// Storing points.
    Write,
    /// Flushing a file.
    Flush,
    /// Closing a file.
    Close,
    /// Writing a commit of a journal to the disk, in another thread.
    Commit,
}

impl Hdf5Stage {
    /// All stages.
    pub const ALL: [Hdf5Stage; 6] = [
        Hdf5Stage::Open,
        Hdf5Stage::Build,
        Hdf5Stage::Write,
        Hdf5Stage::Flush,
        Hdf5Stage::Close,
        Hdf5Stage::Commit,
    ];

    /// Returns the name of the stage in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Hdf5Stage::Open => "open",
            Hdf5Stage::Build => "build",
            Hdf5Stage::Write => "write",
            Hdf5Stage::Flush => "flush",
            Hdf5Stage::Close => "close",
            Hdf5Stage::Commit => "commit",
        }
    }
}

/// What the HDF5 library was busy with, and what it has stored.
#[derive(Debug)]
pub struct Hdf5Figures {
    stages: [Histogram; Hdf5Stage::ALL.len()],
    /// Nanoseconds in calls of HDF5, while somebody watches.
    busy: Counter,
    /// Files that are open.
    pub files_open: Gauge,
    /// Bytes handed to HDF5 for storing, after encoding.
    pub bytes_written: Counter,
    /// Time from the arrival of a block of points to the flush that shows it to readers.
    pub commit_delay: Histogram,
}

impl Hdf5Figures {
    /// Counts a call, or several calls that belong together.
    pub fn finished(&self, stage: Hdf5Stage, stopwatch: Stopwatch) {
        if let Some(time) = stopwatch.elapsed() {
            self.stages[stage as usize].observe(time);
            if stage != Hdf5Stage::Commit {
                self.busy
                    .add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            }
        }
    }

    /// Returns the times of one stage.
    pub fn stage(&self, stage: Hdf5Stage) -> &Histogram {
        &self.stages[stage as usize]
    }

    /// Returns the time spent in HDF5 while somebody watched.
    pub fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy.get())
    }
}

impl Default for Hdf5Figures {
    fn default() -> Hdf5Figures {
        let stage = || Histogram::new(Duration::from_micros(10), 4);
        Hdf5Figures {
            stages: std::array::from_fn(|_| stage()),
            busy: Counter::default(),
            files_open: Gauge::default(),
            bytes_written: Counter::default(),
            commit_delay: Histogram::new(Duration::from_millis(10), 2),
        }
    }
}
