//! What is known about the saving of a scan, as far as a layout depends on it.
//!
//! A layout may have groups and links only for channels that have data, and plots that depend on
//! the number of points. So a tree is a function of the scan's info *and* of these facts: it is
//! built again when they change, and the difference is applied to the file.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::info::is_truthy;

/// Everything that a tree depends on beside the scan's info.
#[derive(Debug, Clone, Default)]
pub struct ScanFacts {
    /// Key of the scan.
    pub scan: String,
    /// When the writing began, ISO 8601 with offset.
    pub began: String,
    /// The status of the writing.
    pub status: WritingStatus,
    /// The current record of completeness as JSON text; empty if the files should have none.
    pub record: String,
    /// Streams from which data have come, by name.
    pub streams: HashMap<String, StreamFacts>,
    /// Other scans that this one refers to.
    pub references: Vec<ScanReference>,
    /// Set when the scan has ended and all its data are in the file.
    pub end: Option<EndFacts>,
}

/// Status of the writing, as the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WritingStatus {
    /// The file is created, before data are written.
    #[default]
    Starting,
    /// Data are written as they come.
    Running,
    /// Everything that was published is in the file.
    Succeeded,
    /// Something is missing.
    Failed,
}

impl WritingStatus {
    /// Returns the name in the file, that of `blisswriter` 2.0.0.
    pub fn name(self) -> &'static str {
        match self {
            WritingStatus::Starting => "STARTING",
            WritingStatus::Running => "RUNNING",
            WritingStatus::Succeeded => "SUCCEEDED",
            WritingStatus::Failed => "FAILED",
        }
    }
}

/// What is known about the data of one stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamFacts {
    /// Whether its dataset (or link) exists in the file.
    pub stored: bool,
    /// Number of points that have come.
    pub points: u64,
    /// Extent of the dataset, scan dimensions first.
    pub shape: Vec<u64>,
    /// All values of the dataset in C order; only of streams that
    /// [`values_wanted`](super::Layout::values_wanted) names, and only at the end.
    pub values: Option<Vec<f64>>,
}

/// A scan that another one (a sequence, a group) refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanReference {
    /// File of the other scan, as its info names it.
    pub file: String,
    /// Path of an entry in that file.
    pub path: String,
}

/// What is known about the end of a scan.
#[derive(Debug, Clone)]
pub struct EndFacts {
    /// When the writing ended, ISO 8601 with offset.
    pub time: String,
    /// The last version of the scan's info.
    pub info: Json,
}

impl ScanReference {
    /// Returns the entries of the scan with this info: one for each top master of its acquisition
    /// chain, as `blisswriter` 2.0.0 names them. A scan that is not saved has none.
    pub fn entries(info: &Json) -> Vec<ScanReference> {
        let file = info.get("filename").and_then(Json::as_str);
        let number = info.get("scan_nb").and_then(Json::as_u64);
        let (Some(file), Some(number @ 1..)) = (file, number) else {
            return Vec::new();
        };
        if !is_truthy(info.get("save")) {
            return Vec::new();
        }
        let chain = info.get("acquisition_chain").and_then(Json::as_object);
        let subscans = chain.map_or(0, |chain| chain.len());
        (1..=subscans)
            .map(|subscan| ScanReference {
                file: file.to_owned(),
                path: format!("/{number}.{subscan}"),
            })
            .collect()
    }
}
