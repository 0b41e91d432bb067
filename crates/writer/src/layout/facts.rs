//! What became of a scan's data, as far as a layout depends on it.
//!
//! The classic layout has groups and links only for channels that have data, and plots that depend
//! on how many points came. So a tree is a function of the scan's info *and* of these facts: it is
//! made again when they change, and the difference is applied to the file.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::info::is_truthy;

/// Everything that a layout may want to know beside the scan's info.
#[derive(Debug, Clone, Default)]
pub struct ScanFacts {
    /// Key of the scan.
    pub scan: String,
    /// When the writing began, ISO 8601 with offset.
    pub began: String,
    /// How far the writing is.
    pub status: WritingStatus,
    /// The record of completeness as it is by now, as JSON text; empty if there shall be none.
    pub record: String,
    /// Streams from which something has come, by name.
    pub streams: HashMap<String, StreamFacts>,
    /// Other scans that this one refers to.
    pub references: Vec<ScanReference>,
    /// Set when the scan has ended and all its data are in the file.
    pub end: Option<EndFacts>,
}

/// Status of the writing, as it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WritingStatus {
    /// What is known before the data is being written.
    #[default]
    Starting,
    /// Data are awaited.
    Running,
    /// Everything that was published is in the file.
    Succeeded,
    /// Something is missing.
    Failed,
}

impl WritingStatus {
    /// The text in the file, that of `blisswriter` 2.0.0.
    pub fn name(self) -> &'static str {
        match self {
            WritingStatus::Starting => "STARTING",
            WritingStatus::Running => "RUNNING",
            WritingStatus::Succeeded => "SUCCEEDED",
            WritingStatus::Failed => "FAILED",
        }
    }
}

/// What has come from one stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamFacts {
    /// Whether its dataset (or link) exists in the file.
    pub stored: bool,
    /// Points that came.
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

/// The end of a scan.
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
