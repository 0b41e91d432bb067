//! The record of completeness: what the writer of a scan has noted about it, as text in its files.

mod compact_reader;
mod compact_writer;
mod paths;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::Deserialize;
use serde::de::Error as _;
use thiserror::Error;

/// Version of the form of the record: the one that is written, and the newest that can be read.
/// `docs/formats.md` specifies it.
pub const VERSION: u64 = 2;

/// The largest number in a record of version 2: the largest that all readers of JSON can have.
pub(crate) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Why a text cannot be read as a record.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It is not JSON, or lacks what every record has.
    #[error("is no record of completeness")]
    Malformed(#[from] serde_json::Error),
    /// A newer program wrote it, and its fields may mean something else.
    #[error(
        "is a record of completeness of version {0}, this program reads versions up to {VERSION}"
    )]
    Newer(u64),
}

/// The part that all versions of the record have.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// The record of completeness of a scan: what its writer has noted about it. The attributes for serde
/// are those of version 1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CompletenessRecord {
    /// Key of the scan.
    pub scan: String,
    /// Whether all that was published is in the files.
    pub complete: bool,
    /// Whether the scan is being written, or was when its writer died.
    #[serde(default)]
    pub running: bool,
    /// Why it is not complete.
    #[serde(default)]
    pub problems: Vec<String>,
    /// The streams in this file.
    #[serde(default)]
    pub streams: Vec<RecordedStream>,
}

/// One stream in one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordedStream {
    /// Name of the stream.
    pub stream: String,
    /// Path of its file, as the layout wrote it; empty if the scan has a single file.
    #[serde(default)]
    pub file: String,
    /// Absolute path of its dataset.
    pub path: String,
    /// Number of points that were published, if that is known.
    pub expected: Option<u64>,
    /// Number of points that came.
    pub received: u64,
    /// Number of points in the file.
    pub written: u64,
    /// Ranges of points that are missing: the first, and the one after the last.
    #[serde(default)]
    pub holes: Vec<(u64, u64)>,
}

impl CompletenessRecord {
    /// Parses a record of version 1 or 2. Keeps only the streams in `file`.
    ///
    /// # Errors
    /// Returns an error if the text is no record, or one of a newer version.
    pub fn parse(text: &str, file: &Path) -> Result<CompletenessRecord, RecordError> {
        let Versioned { version } = serde_json::from_str(text)?;
        let mut record: CompletenessRecord = match version {
            0 => return Err(serde_json::Error::custom("there is no version 0").into()),
            1 => serde_json::from_str(text)?,
            2 => compact_reader::read(text)?,
            newer => return Err(RecordError::Newer(newer)),
        };
        // Files are moved and linked, but keep their name.
        record.streams.retain(|stream| {
            stream.file.is_empty() || Path::new(&stream.file).file_name() == file.file_name()
        });
        Ok(record)
    }

    /// Returns the record as text of version 2. Streams are in the order of their names, so that the text
    /// does not depend on the order in which they were found. Numbers above 2^53 - 1 become that.
    pub fn to_text(&self) -> String {
        compact_writer::to_json(self).to_string()
    }
}

impl RecordedStream {
    /// Returns why the stream is not complete, if it is not.
    pub fn problem(&self) -> Option<String> {
        let RecordedStream {
            received, written, ..
        } = self;
        if let Some(expected) = self.expected.filter(|expected| expected != received) {
            return Some(format!("{expected} points were published, {received} came"));
        }
        if written != received {
            return Some(format!("{received} points came, {written} were written"));
        }
        let (first, end) = self.holes.first()?;
        Some(format!(
            "points {first} to {} are missing{}",
            end.saturating_sub(1),
            if self.holes.len() > 1 {
                " and others"
            } else {
                ""
            }
        ))
    }

    /// Returns how many of the first `points` points are missing.
    pub fn missing(&self, points: u64) -> u64 {
        let holes = self.holes.iter();
        let missing = holes
            .map(|(first, end)| end.min(&points).saturating_sub(*first))
            .fold(0, u64::saturating_add);
        missing.min(points)
    }
}
