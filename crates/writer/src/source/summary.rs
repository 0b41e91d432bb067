//! The summary of a scan, which is known as soon as the scan exists.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset};
use serde_json::Value as Json;

use super::ScanId;
use crate::layout::info::is_truthy;

/// What BLISS publishes about a scan when it creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanSummary {
    /// Identifies the scan on its server.
    pub id: ScanId,
    /// The name by which clients know the scan: `1_ascan`, or `_1_ascan` if it is not to be saved. Its
    /// identifier, if nothing else is known.
    pub name: String,
    /// Its number in its dataset.
    pub number: Option<u64>,
    /// The command that started it, such as `ascan`.
    pub command: Option<String>,
    /// The BLISS session.
    pub session: Option<String>,
    /// The file in which it is to be saved.
    pub path: Option<PathBuf>,
    /// When it started.
    pub start_time: Option<DateTime<FixedOffset>>,
}

impl ScanSummary {
    /// Returns the name by which clients know a scan, as in `blisswriter` 2.0.0. `save` is the field of that
    /// name in the scan's info; a scan without it is saved if it names a file.
    pub fn client_name(number: u64, command: &str, has_path: bool, save: Option<&Json>) -> String {
        let is_saved = match save {
            Some(_) => is_truthy(save),
            None => has_path,
        };
        let mark = if is_saved { "" } else { "_" };
        format!("{mark}{number}_{command}")
    }
}

/// What a list of scans shows of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanHeadline {
    /// What identifies it.
    pub summary: ScanSummary,
    /// Its title: the command of the user.
    pub title: String,
    /// The writer that it asks for, if it names one.
    pub data_writer: Option<String>,
    /// When it ended, if it has.
    pub end_time: Option<DateTime<FixedOffset>>,
}

impl ScanHeadline {
    /// Reads the headline of a scan from its info, or from these fields of it.
    pub(super) fn of_info(summary: ScanSummary, info: &Json) -> ScanHeadline {
        let text = |name: &str| info.get(name).and_then(Json::as_str).map(str::to_owned);
        ScanHeadline {
            summary,
            title: text("title").unwrap_or_default(),
            data_writer: text("data_writer"),
            end_time: info.get("end_time").and_then(parse_time),
        }
    }
}

/// Creates a summary that has nothing but the identifier.
impl From<ScanId> for ScanSummary {
    fn from(id: ScanId) -> ScanSummary {
        ScanSummary {
            name: id.to_string(),
            id,
            number: None,
            command: None,
            session: None,
            path: None,
            start_time: None,
        }
    }
}

/// Reads a time in the info of a scan.
pub(crate) fn parse_time(json: &Json) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(json.as_str()?).ok()
}
