//! A file with scans, whose content is known for each moment.

use std::collections::BTreeMap;
use std::path::Path;

use journal::{CommitKind, Journal};
use serde_json::Value as Json;

use super::hdf5::File;

/// Number of datasets of each scan.
const DATASETS: i64 = 4;

/// The number of points of each scan.
pub type Content = Vec<usize>;

/// Adds scans to a file, point by point, and commits now and then.
#[derive(Debug)]
pub struct ScanWriter<'a> {
    pub file: File,
    journal: &'a Journal,
    pub content: Content,
    commits: u64,
    /// Each of this number of commits is a checkpoint, and each third of these a final one.
    pub checkpoint_period: u64,
}

impl<'a> ScanWriter<'a> {
    pub fn new(file: File, journal: &'a Journal) -> ScanWriter<'a> {
        ScanWriter::go_on(file, journal, Vec::new())
    }

    /// Continues a file that has this content.
    pub fn go_on(file: File, journal: &'a Journal, content: Content) -> ScanWriter<'a> {
        ScanWriter {
            file,
            journal,
            content,
            commits: 0,
            checkpoint_period: 4,
        }
    }

    pub fn begin_scan(&mut self) {
        self.content.push(0);
        let scan = self.content.len();
        self.file.create_group(&format!("{scan}.1/instrument"));
        self.file
            .set_attribute(&format!("{scan}.1"), "title", &title(scan));
        for index in 0..DATASETS {
            self.file.create_dataset(&path(scan, index), index % 2 == 1);
        }
    }

    /// Adds points to the last scan.
    pub fn add_points(&mut self, count: usize) {
        assert!(self.try_add_points(count));
    }

    /// Adds points to the last scan. Returns `false` if they could not be written.
    pub fn try_add_points(&mut self, count: usize) -> bool {
        let scan = self.content.len();
        let begin = self.content[scan - 1];
        for index in 0..DATASETS {
            let values: Vec<i64> = (begin..begin + count)
                .map(|row| value(scan, index, row))
                .collect();
            if !self.file.append(&path(scan, index), &values) {
                return false;
            }
        }
        self.content[scan - 1] += count;
        let progress = format!("{} points{}", begin + count, "!".repeat(begin % 50));
        self.file
            .set_attribute(&format!("{scan}.1"), "progress", &progress);
        true
    }

    /// Commits. Returns whether that was a checkpoint.
    pub fn commit(&mut self) -> journal::Result<CommitKind> {
        self.commits += 1;
        let kind = match self.commits % (3 * self.checkpoint_period) {
            0 => CommitKind::FinalCheckpoint,
            number if number % self.checkpoint_period == 0 => CommitKind::Checkpoint,
            _ => CommitKind::Visible,
        };
        assert!(self.file.flush_to_commit(self.journal));
        self.journal.commit(kind)?;
        Ok(kind)
    }
}

/// Returns what is in a file, or what is wrong with it.
pub fn content(path: &Path) -> Result<Content, String> {
    let file = File::open(path, None).ok_or("the file cannot be opened")?;
    let mut content = Vec::new();
    for scan in 1.. {
        if !file.has(&format!("{scan}.1")) {
            break;
        }
        let lengths = points(&file, scan, usize::MAX)?;
        if lengths.iter().any(|length| *length != lengths[0]) {
            return Err(format!("scan {scan} has points {lengths:?}"));
        }
        content.push(lengths[0]);
    }
    Ok(content)
}

/// Returns what is wrong with the part of a file that was committed.
pub fn expect_all(path: &Path, committed: &Content) -> Result<(), String> {
    let file = File::open(path, None).ok_or("the file cannot be opened")?;
    for (index, count) in committed.iter().enumerate() {
        let scan = index + 1;
        let lengths = points(&file, scan, *count)?;
        if lengths.iter().any(|length| length < count) {
            return Err(format!("scan {scan} has points {lengths:?}"));
        }
    }
    Ok(())
}

/// Returns the number of points of each dataset of a scan. The first `count` of them must be right.
fn points(file: &File, scan: usize, count: usize) -> Result<Vec<usize>, String> {
    if file.attribute(&format!("{scan}.1"), "title") != Some(title(scan)) {
        return Err(format!("scan {scan} has no title"));
    }
    let mut lengths = Vec::new();
    for index in 0..DATASETS {
        let path = path(scan, index);
        let values = file
            .values(&path)
            .ok_or_else(|| format!("{path} cannot be read"))?;
        let is_right = |(row, found): (usize, &i64)| *found == value(scan, index, row);
        if !values.iter().take(count).enumerate().all(is_right) {
            return Err(format!("{path} has wrong values"));
        }
        lengths.push(values.len());
    }
    Ok(lengths)
}

/// Checks what h5py has found in a file, by path: these scans with this number of points, and no others.
pub fn expect_found(found: &BTreeMap<String, Json>, content: &[usize]) {
    let paths = found.keys();
    let scans = paths.filter(|path| path.ends_with(".1")).count();
    assert_eq!(scans, content.len(), "{:?}", found.keys());
    for (index, count) in content.iter().enumerate() {
        let scan = index + 1;
        assert_eq!(found[&format!("{scan}.1@title")], title(scan));
        for index in 0..DATASETS {
            let values: Vec<i64> = (0..*count).map(|row| value(scan, index, row)).collect();
            assert_eq!(found[&path(scan, index)], Json::from(values));
        }
    }
}

fn title(scan: usize) -> String {
    format!("scan {scan} of the file{}", "é".repeat(scan % 30))
}

fn path(scan: usize, index: i64) -> String {
    format!("{scan}.1/instrument/channel{index}")
}

fn value(scan: usize, index: i64, row: usize) -> i64 {
    scan as i64 * 1_000_000 + row as i64 * 16 + index
}
