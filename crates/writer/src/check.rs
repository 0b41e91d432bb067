//! Verifies files: what they hold is readable, whole, and what was published.
//!
//! [`FileChecker::open`] takes a file as a reader would, also while a writer has it. [`FileChecker::check`]
//! looks at all of it: links, plots, and for each scan the record of completeness that the writer
//! left. [`FileChecker::compare`] reads the scans again, as long as Redis has them, and compares every
//! value.

mod completeness;
mod entry;
mod lengths;
mod links;
mod plot;
mod referenced_files;
pub(crate) mod text;
mod values;

use std::path::{Path, PathBuf};

use nexus::h5::{self, File, Group};
use serde_json::{Value as Json, json};

use crate::source::ScanStore;
pub(crate) use completeness::{
    CompletenessRecord, RecordError, RecordedStream, VERSION as RECORD_VERSION,
};
use links::LinkChecker;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingSeverity {
    /// Worth to know. Nothing is wrong.
    Note,
    /// The file is not as it should be.
    Problem,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: FindingSeverity,
    /// Where in the file; attributes are told as `path@name`.
    pub path: String,
    /// What it is.
    pub text: String,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanStatus {
    /// The scan has ended, and its record says how.
    Finished,
    /// The scan is being written, or its writer died.
    Running,
    /// Nobody left a record.
    Unrecorded,
}

impl ScanStatus {
    /// The name that is shown.
    pub fn name(self) -> &'static str {
        match self {
            ScanStatus::Finished => "finished",
            ScanStatus::Running => "not finished",
            ScanStatus::Unrecorded => "without record",
        }
    }
}

/// A scan in a file: an entry, or what a published layout has put there.
#[derive(Debug, Clone)]
pub struct ScanCheck {
    /// Path of the entry, or name of the root attribute with the record.
    pub name: String,
    /// Key of the scan, if the record tells.
    pub scan: Option<String>,
    /// How far the scan is.
    pub standing: ScanStatus,
    /// Streams in the record.
    pub streams: usize,
    /// Points of these that are in the file.
    pub points: u64,
    /// Points whose value was compared with Redis.
    pub compared: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// All that was found in a file.
#[derive(Debug, Clone)]
pub struct FileCheck {
    /// The file.
    pub file: PathBuf,
    /// What belongs to no scan.
    pub findings: Vec<Finding>,
    /// The scans, in the order of the file.
    pub scans: Vec<ScanCheck>,
}

impl FileCheck {
    /// A file that cannot be read.
    pub fn unreadable(file: &Path, reason: &dyn std::fmt::Display) -> FileCheck {
        FileCheck {
            file: file.to_owned(),
            findings: vec![Finding::problem("/", format!("cannot be opened: {reason}"))],
            scans: Vec::new(),
        }
    }

    /// Whether all scans are finished and nothing is wrong.
    pub fn is_good(&self) -> bool {
        let fine = |finding: &Finding| finding.severity < FindingSeverity::Problem;
        self.findings.iter().all(fine) && self.scans.iter().all(ScanCheck::is_good)
    }

    /// The same as one JSON object.
    pub fn to_json(&self) -> Json {
        json!({
            "file": self.file.to_string_lossy(),
            "good": self.is_good(),
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "scans": self.scans.iter().map(ScanCheck::to_json).collect::<Vec<_>>(),
        })
    }

    /// Hands a finding to the scan that it belongs to.
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
    /// Whether the scan is finished and nothing is wrong.
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
    /// If it is not there, or no HDF5 file.
    pub fn open(path: &Path) -> h5::Result<FileChecker> {
        let file = File::open_read(path)?;
        Ok(FileChecker {
            path: path.to_owned(),
            root: file.root()?,
            _file: file,
            records: Vec::new(),
        })
    }

    /// Looks at the whole file.
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
        for finding in plot::chain(&self.root, "/", &self.lengths(None)) {
            check.add(finding);
        }
        for (index, scan) in check.scans.iter_mut().enumerate() {
            if !scan.name.starts_with('/') {
                continue;
            }
            let lengths = self.lengths(Some((index, scan.standing)));
            scan.findings
                .extend(plot::chain(&self.root, &scan.name, &lengths));
            scan.findings
                .extend(entry::measurement(&self.root, &scan.name, &lengths));
        }
        check
    }

    /// Reads the scans of the check from Redis, and compares their values.
    pub async fn compare(&self, store: &dyn ScanStore, check: &mut FileCheck) {
        for (index, record) in &self.records {
            if let Some(scan) = check.scans.get_mut(*index) {
                values::compare(&self.root, store, record, scan).await;
            }
        }
    }

    /// What is known about the lengths of datasets: of one scan, or of all.
    fn lengths(&self, scan: Option<(usize, ScanStatus)>) -> lengths::DatasetLengths<'_> {
        let records = self.records.iter();
        lengths::DatasetLengths {
            growing: matches!(scan, Some((_, ScanStatus::Running))),
            places: records.flat_map(|(_, record)| &record.streams).collect(),
        }
    }
}
