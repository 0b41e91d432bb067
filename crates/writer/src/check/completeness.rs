//! Reading records of completeness.

use std::path::Path;

use serde::Deserialize;
use thiserror::Error;

/// Version of the form of the record: the one that is written, and the newest that can be read.
/// `docs/formats.md` specifies it.
pub const VERSION: u64 = 1;

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

/// The record of completeness of a scan: what its writer has noted about it.
#[derive(Debug, Clone, Deserialize)]
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
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedStream {
    /// Name of the stream.
    pub stream: String,
    /// Path of its file, as the layout wrote it.
    #[serde(default)]
    pub file: String,
    /// Path of its dataset.
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
    /// Parses a record. Keeps only the streams in `file`.
    ///
    /// # Errors
    /// Returns an error if the text is no record, or one of a newer version.
    pub fn parse(text: &str, file: &Path) -> Result<CompletenessRecord, RecordError> {
        let Versioned { version } = serde_json::from_str(text)?;
        if version > VERSION {
            return Err(RecordError::Newer(version));
        }
        let mut record: CompletenessRecord = serde_json::from_str(text)?;
        // Files are moved and linked, but keep their name.
        record.streams.retain(|stream| {
            stream.file.is_empty() || Path::new(&stream.file).file_name() == file.file_name()
        });
        Ok(record)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_newer_version_is_not_misread() {
        let file = Path::new("a.h5");
        let text = |version: &str| format!(r#"{{{version} "scan": "a", "complete": true}}"#);
        let read = CompletenessRecord::parse(&text(r#""version": 1,"#), file).unwrap();
        assert!(read.complete);
        let newer = CompletenessRecord::parse(&text(r#""version": 2,"#), file).unwrap_err();
        assert!(matches!(newer, RecordError::Newer(2)), "{newer}");
        // A newer version may lack other fields.
        let newer = CompletenessRecord::parse(r#"{"version": 3}"#, file).unwrap_err();
        assert!(matches!(newer, RecordError::Newer(3)), "{newer}");
        for text in [
            "",
            "[]",
            "{}",
            &text(""),
            r#"{"version": "1"}"#,
            r#"{"version": 1}"#,
        ] {
            let error = CompletenessRecord::parse(text, file).unwrap_err();
            assert!(
                matches!(error, RecordError::Malformed(_)),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn missing_points_are_described() {
        let stream = |expected: &str, received, written, holes: &str| -> RecordedStream {
            let text = format!(
                r#"{{"stream": "a", "path": "/a", "expected": {expected}, "received": {received},
                    "written": {written}, "holes": {holes}}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(stream("3", 3, 3, "[]").problem(), None);
        assert_eq!(stream("null", 3, 3, "[]").problem(), None);
        let problem = |stream: RecordedStream| stream.problem().unwrap();
        assert_eq!(
            problem(stream("4", 3, 3, "[]")),
            "4 points were published, 3 came"
        );
        assert_eq!(
            problem(stream("3", 3, 2, "[]")),
            "3 points came, 2 were written"
        );
        assert_eq!(
            problem(stream("3", 3, 3, "[[1, 3], [5, 6]]")),
            "points 1 to 2 are missing and others"
        );
        // Nothing says that holes are possible.
        let impossible = stream("null", 3, 3, "[[0, 18446744073709551615], [0, 9], [7, 2]]");
        assert_eq!(impossible.missing(u64::MAX), u64::MAX);
    }
}
