//! Verifies files: their content is readable, complete, and equal to what was published.
//!
//! [`FileChecker::open`] opens a file as any reader does, also while a writer has it open.
//! [`FileChecker::check`] checks the whole file: links, plots, and the record of completeness of
//! each scan. [`FileChecker::compare`] reads the scans again, as long as Redis has them, and
//! compares every value.

mod completeness;
mod entry;
mod lengths;
mod links;
pub(crate) mod plot;
mod referenced_files;
pub(crate) mod text;
mod values;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use nexus::h5::{self, File, Group};
use serde_json::{Value as Json, json};

use crate::source::ScanStore;
pub(crate) use completeness::MAX_NUMBER as MAX_RECORDED_NUMBER;
pub use completeness::{
    CompletenessRecord, RecordError, RecordedStream, VERSION as RECORD_VERSION,
};
use links::LinkChecker;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingSeverity {
    /// Something to know. Nothing is wrong.
    Note,
    /// The file is not as it should be.
    Problem,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: FindingSeverity,
    /// Path in the file; `path@name` for an attribute.
    pub path: String,
    /// A description.
    pub text: String,
}

/// Status of a scan in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanStatus {
    /// The scan has ended, and its record says how.
    Finished,
    /// The scan is being written, or its writer died.
    Running,
    /// The file has no record of the scan.
    Unrecorded,
}

impl ScanStatus {
    /// Returns the name for users.
    pub fn name(self) -> &'static str {
        match self {
            ScanStatus::Finished => "finished",
            ScanStatus::Running => "not finished",
            ScanStatus::Unrecorded => "without record",
        }
    }
}

/// The check of one scan in a file. The scan is an entry, or has a record in an attribute of the
/// root.
#[derive(Debug, Clone)]
pub struct ScanCheck {
    /// Path of the entry, or name of the root attribute with the record.
    pub name: String,
    /// Key of the scan, if a record names it.
    pub scan: Option<String>,
    /// Status of the scan.
    pub standing: ScanStatus,
    /// Number of streams in the record.
    pub streams: usize,
    /// Number of their points that are in the file.
    pub points: u64,
    /// Number of points whose values were compared with Redis.
    pub compared: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The check of one file.
#[derive(Debug, Clone)]
pub struct FileCheck {
    /// The file.
    pub file: PathBuf,
    /// Findings that belong to no scan.
    pub findings: Vec<Finding>,
    /// The scans, in the order of the file.
    pub scans: Vec<ScanCheck>,
}

impl FileCheck {
    /// Returns the check of a file that cannot be opened.
    pub fn unreadable(file: &Path, reason: &dyn std::fmt::Display) -> FileCheck {
        FileCheck {
            file: file.to_owned(),
            findings: vec![Finding::problem("/", format!("cannot be opened: {reason}"))],
            scans: Vec::new(),
        }
    }

    /// Returns `true` if all scans are finished and nothing is wrong.
    pub fn is_good(&self) -> bool {
        let fine = |finding: &Finding| finding.severity < FindingSeverity::Problem;
        self.findings.iter().all(fine) && self.scans.iter().all(ScanCheck::is_good)
    }

    /// Returns `true` if anything is wrong, other than that scans are not finished.
    pub fn has_problems(&self) -> bool {
        let scans = self.scans.iter().flat_map(|scan| &scan.findings);
        let mut findings = self.findings.iter().chain(scans);
        findings.any(|finding| finding.severity == FindingSeverity::Problem)
    }

    /// Drops the problems that another check of the same file has not found in the same place. What a check finds in
    /// a file that is being written may be the moment between two writes; what all checks find is not.
    pub fn keep_problems_of_both(&mut self, other: &FileCheck) {
        let scans = other.scans.iter().flat_map(|scan| &scan.findings);
        let others = other.findings.iter().chain(scans);
        let known: HashSet<&str> = others
            .filter(|finding| finding.severity == FindingSeverity::Problem)
            .map(|finding| finding.path.as_str())
            .collect();
        let scans = self.scans.iter_mut().map(|scan| &mut scan.findings);
        for findings in scans.chain([&mut self.findings]) {
            findings.retain(|finding| {
                finding.severity != FindingSeverity::Problem
                    || known.contains(finding.path.as_str())
            });
        }
    }

    /// Returns the check as a JSON object.
    pub fn to_json(&self) -> Json {
        json!({
            "file": self.file.to_string_lossy(),
            "good": self.is_good(),
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "scans": self.scans.iter().map(ScanCheck::to_json).collect::<Vec<_>>(),
        })
    }

    /// Adds a finding to the scan that it belongs to, or to the file.
    fn add(&mut self, finding: Finding) {
        let owner = self.scans.iter_mut().find(|scan| {
            let rest = finding.path.strip_prefix(scan.name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '@']))
        });
        match owner {
            Some(scan) => scan.findings.push(finding),
            None => self.findings.push(finding),
        }
    }
}

impl ScanCheck {
    /// Returns `true` if the scan is finished and nothing is wrong.
    pub fn is_good(&self) -> bool {
        let fine = |finding: &Finding| finding.severity < FindingSeverity::Problem;
        self.standing == ScanStatus::Finished && self.findings.iter().all(fine)
    }

    fn to_json(&self) -> Json {
        json!({
            "name": self.name,
            "scan": self.scan,
            "standing": self.standing.name(),
            "good": self.is_good(),
            "streams": self.streams,
            "points": self.points,
            "compared": self.compared,
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Finding {
    fn problem(path: impl Into<String>, text: impl Into<String>) -> Finding {
        Finding {
            severity: FindingSeverity::Problem,
            path: path.into(),
            text: text.into(),
        }
    }

    fn note(path: impl Into<String>, text: impl Into<String>) -> Finding {
        Finding {
            severity: FindingSeverity::Note,
            ..Finding::problem(path, text)
        }
    }

    fn to_json(&self) -> Json {
        let severity = match self.severity {
            FindingSeverity::Note => "note",
            FindingSeverity::Problem => "problem",
        };
        json!({"severity": severity, "path": self.path, "text": self.text})
    }
}

/// A file that is being checked.
pub struct FileChecker {
    path: PathBuf,
    /// Kept open for `root`.
    _file: File,
    root: Group,
    /// The records by the index of their scan in the check.
    records: Vec<(usize, CompletenessRecord)>,
}

impl FileChecker {
    /// Opens a file for reading, without a lock.
    ///
    /// # Errors
    /// Returns an error if there is no such file, or if it is no HDF5 file.
    pub fn open(path: &Path) -> h5::Result<FileChecker> {
        let file = File::open_read(path)?;
        Ok(FileChecker {
            path: path.to_owned(),
            root: file.root()?,
            _file: file,
            records: Vec::new(),
        })
    }

    /// Checks the whole file.
    pub fn check(&mut self) -> FileCheck {
        let mut check = FileCheck {
            file: self.path.clone(),
            findings: Vec::new(),
            scans: Vec::new(),
        };
        self.records = entry::scans(&self.root, &self.path, &mut check);
        if check.scans.is_empty() {
            check
                .findings
                .push(Finding::note("/", "holds no scan of its own"));
        }
        for finding in LinkChecker::new(&self.path).all(&self.root) {
            check.add(finding);
        }
        for finding in plot::chain(&self.root, "/", &self.stream_datasets(false)) {
            check.add(finding);
        }
        for scan in &mut check.scans {
            if !scan.name.starts_with('/') {
                continue;
            }
            let growing = scan.standing == ScanStatus::Running;
            let streams = self.stream_datasets(growing);
            scan.findings
                .extend(plot::chain(&self.root, &scan.name, &streams));
            let lengths = self.lengths(growing);
            scan.findings
                .extend(entry::measurement(&self.root, &scan.name, &lengths));
        }
        check
    }

    /// Reads the scans of the check from Redis, and compares their values.
    pub async fn compare(&self, store: &dyn ScanStore, check: &mut FileCheck) {
        for (index, record) in &self.records {
            if let Some(scan) = check.scans.get_mut(*index) {
                values::compare(&self.path, &self.root, store, record, scan).await;
            }
        }
    }

    /// Returns what is known about the lengths of datasets.
    fn lengths(&self, growing: bool) -> lengths::DatasetLengths<'_> {
        lengths::DatasetLengths {
            growing,
            places: self.places().collect(),
        }
    }

    fn stream_datasets(&self, growing: bool) -> plot::StreamDatasets<'_> {
        plot::StreamDatasets {
            growing,
            paths: self.places().map(|place| place.path.as_str()).collect(),
        }
    }

    fn places(&self) -> impl Iterator<Item = &RecordedStream> {
        let records = self.records.iter();
        records.flat_map(|(_, record)| &record.streams)
    }
}
