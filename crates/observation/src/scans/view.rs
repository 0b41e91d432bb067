//! What a writer says about a scan when it is asked.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::referred_files::ReferredFiles;

/// What a scan is called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanRef {
    /// Its key on the server.
    pub key: String,
    /// The BLISS session, if it is known.
    pub session: Option<String>,
    /// Its name for people: `12_ascan`.
    pub name: String,
    /// Its number in its dataset, if it has one.
    pub number: Option<u64>,
}

/// What is known of a scan as soon as it is prepared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScanOutline {
    /// Its title: the command of the user.
    pub title: String,
    /// The number of points that it announces, if it does.
    pub expected: Option<u64>,
    /// Names of the channels that it moves along.
    pub axes: Vec<String>,
    /// What BLISS displays.
    pub plots: Vec<ScanPlot>,
    /// The grid of its points, if they are on one.
    pub grid: Option<ScanGrid>,
}

/// A plot that BLISS displays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanPlot {
    /// What it is called.
    pub name: String,
    /// Name of the channel along which it is plotted.
    pub x: Option<String>,
    /// Names of the channels that are plotted.
    pub y: Vec<String>,
}

/// The grid of the points of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanGrid {
    /// Its shape in C order: the fast side last.
    pub shape: Vec<u64>,
    /// The names of the channels that move along the sides; empty where that is not known.
    pub axes: Vec<String>,
    /// Set if every other line is scanned backwards.
    pub is_snake: bool,
}

/// An entry of a file that a scan is saved in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanEntry {
    /// The file.
    pub file: PathBuf,
    /// Name of the entry in the file.
    pub entry: String,
}

/// Figures of a scan at the moment of a question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScanNow {
    /// What it waits for, if it cannot be saved at present.
    pub waiting: Option<String>,
    /// Points of the dataset that has the most.
    pub points: u64,
    /// Points of the dataset that has the fewest.
    pub least_points: u64,
    /// Bytes of the points of all datasets.
    pub bytes: u64,
    /// Points that are published and in no file yet, of all channels.
    pub lag_points: u64,
    /// Age of the oldest of them.
    pub lag: Duration,
    /// Time until the server begins to drop unread points; `None` if that is not in sight.
    pub margin: Option<Duration>,
    /// The entries that it is saved in.
    pub entries: Vec<ScanEntry>,
    /// How far the channels are.
    pub streams: Vec<StreamNow>,
}

/// How far a channel is at the moment of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamNow {
    /// Its name.
    pub name: String,
    /// Points that are published, as far as is known.
    pub published: u64,
    /// Points that readers of the file can see, including lost ones.
    pub written: u64,
}

/// Answers questions about a scan. A question must not wait for anything.
pub trait ScanView: fmt::Debug + Send + Sync {
    /// Returns how far the saving is.
    fn now(&self) -> ScanNow;

    /// Returns at most `limit` of the warnings so far, from the first one.
    fn warnings(&self, limit: usize) -> Vec<String>;

    /// Returns the files that belong to the scan besides those with its entries.
    fn referred_files(&self) -> ReferredFiles {
        ReferredFiles::default()
    }
}
