//! What the entries of a stream mean: its kind, which a stream plugin reads from the description.
//!
//! Most streams are [plain](StreamKind::Plain): their entries are the data. Streams of detectors that save their
//! frames themselves only report [progress](ProgressReader): the frames are in files
//! ([`DetectorFiles`]) or behind a [`MasterFile`]. Streams of sequences name other scans ([`SequencedScan`]). A kind
//! that is unknown or badly described is a [`StreamKindError`] of that one stream.
//!
//! Each plugin is a file of this module and a line of the table `PLUGINS`; nothing else knows its name.
//!
//! Reference: blissdata 2.4.5 (`Scan._wrap_event_stream` and the plugins), blissdata-lima2 2.0.2,
//! blissdata-mosca 2.0.5.

mod hdf5_fallback;
mod info_fields;
mod lima;
mod lima2;
mod lima2_legacy;
mod mosca;
mod progress;
mod scan_sequence;

use std::sync::Arc;

use acquisition::DetectorFiles;
use serde_json::Value;

use crate::encoding::Encoding;
use info_fields::InfoFields;

pub use progress::{Progress, ProgressReader};
pub use scan_sequence::SequencedScan;

/// The plugins that are known. The first one that has the name and understands the description is taken.
static PLUGINS: &[&dyn StreamPlugin] = &[
    &hdf5_fallback::Hdf5Fallback,
    &lima::Lima,
    &lima2_legacy::Lima2Legacy,
    &lima2::Lima2,
    &mosca::Mosca,
    &scan_sequence::ScanSequence,
];

/// A kind of description that streams can have.
trait StreamPlugin: Sync {
    /// Returns the name by which descriptions call the plugin.
    fn name(&self) -> &'static str;

    /// Returns the `format` by which publishers before 2.0 named the plugin, in streams of JSON values.
    fn early_format(&self) -> Option<&'static str> {
        None
    }

    /// Returns `true` if a description with the name of this plugin is one of its own.
    fn understands(&self, _info: &Value) -> bool {
        true
    }

    /// Reads the description of a stream. `encoding` is `None` if that of the stream could not be read.
    ///
    /// # Errors
    /// If the entries of the stream could be read but not understood.
    fn parse(
        &self,
        info: &InfoFields<'_>,
        encoding: Option<&Encoding>,
    ) -> Result<StreamKind, StreamKindError>;
}

/// Kind of a stream.
#[derive(Debug, Clone)]
pub enum StreamKind {
    /// The entries are the data: numbers or JSON values.
    Plain,
    /// Progress of a detector that saves its frames in a series of files.
    Frames {
        /// Where the frames are.
        files: Arc<dyn DetectorFiles>,
        /// Reads the entries.
        progress: Arc<dyn ProgressReader>,
    },
    /// Progress of a detector that saves its frames behind one master file.
    MasterFile {
        /// The file, or `None` if the frames are not saved.
        file: Option<MasterFile>,
        /// Reads the entries.
        progress: Arc<dyn ProgressReader>,
    },
    /// References to the scans of a sequence, each readable with [`SequencedScan::parse`].
    ScanSequence,
}

/// A file through which all frames of a detector can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterFile {
    /// Path of the file.
    pub file: String,
    /// Path of the dataset in the file.
    pub dataset: String,
}

/// Why the kind of a stream cannot be followed. Only that stream is left out then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamKindError {
    /// A plugin that is not known here.
    #[error("unknown plugin {plugin:?}")]
    UnknownPlugin {
        /// Name of the plugin.
        plugin: String,
    },
    /// The plugin's own protocol has another version than the one known.
    #[error("plugin {plugin:?}: protocol version {found} instead of {known}")]
    Version {
        /// Name of the plugin.
        plugin: &'static str,
        /// Version in the stream's info.
        found: String,
        /// Supported version.
        known: u64,
    },
    /// A field of the stream's info is absent or unusable.
    #[error("plugin {plugin:?}: field {field:?} is {found}")]
    Field {
        /// Name of the plugin.
        plugin: &'static str,
        /// Path of the field in the stream's info.
        field: String,
        /// What was found in its place.
        found: String,
    },
    /// The stream's encoding is not the one of its plugin.
    #[error("plugin {plugin:?}: not on a {expected} stream")]
    Encoding {
        /// Name of the plugin.
        plugin: &'static str,
        /// Encoding that the plugin requires.
        expected: &'static str,
    },
    /// The stream description itself is not usable.
    #[error("malformed stream description: {0}")]
    Malformed(String),
}

impl StreamKind {
    /// Finds the kind of a stream from its `info` and its encoding, which is `None` when that could
    /// not be read.
    ///
    /// # Errors
    /// [`StreamKindError`] when the entries could be read but not understood.
    pub fn parse(info: &Value, encoding: Option<&Encoding>) -> Result<StreamKind, StreamKindError> {
        let is_json = matches!(encoding, Some(Encoding::Json));
        let format = info.get("format").and_then(Value::as_str);
        let plugin = match (info.get("plugin"), format) {
            (Some(Value::String(name)), _) => {
                find(info, |plugin| plugin.name() == name).ok_or(name.clone())
            }
            (Some(Value::Null), _) => return Ok(StreamKind::Plain),
            (Some(other), _) => Err(other.to_string()),
            (None, Some(format)) if is_json => {
                match find(info, |plugin| plugin.early_format() == Some(format)) {
                    Some(plugin) => Ok(plugin),
                    None => return Ok(StreamKind::Plain),
                }
            }
            (None, _) => return Ok(StreamKind::Plain),
        };
        match plugin {
            Ok(plugin) => plugin.parse(&InfoFields::new(plugin.name(), info), encoding),
            Err(plugin) => Err(StreamKindError::UnknownPlugin { plugin }),
        }
    }
}

fn find(
    info: &Value,
    is_named: impl Fn(&dyn StreamPlugin) -> bool,
) -> Option<&'static dyn StreamPlugin> {
    let mut named = PLUGINS.iter().filter(|plugin| is_named(**plugin));
    named.find(|plugin| plugin.understands(info)).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scalar() -> Encoding {
        Encoding::Numeric {
            dtype: "<f8".parse().unwrap(),
            shape: vec![],
        }
    }

    #[test]
    fn plain_forms() {
        for info in [
            json!({}),
            json!(""),
            json!(null),
            json!({"plugin": null, "format": "lima_v1"}),
            json!({"plugin": "hdf5_fallback", "file_path": "/a.h5", "data_path": "1.1/x"}),
            json!({"format": "lima_v1"}),
            json!({"format": "something"}),
        ] {
            let kind = StreamKind::parse(&info, Some(&scalar()));
            assert!(matches!(kind, Ok(StreamKind::Plain)), "{info}");
        }
        let json = StreamKind::parse(&json!({"format": 3}), Some(&Encoding::Json));
        assert!(matches!(json, Ok(StreamKind::Plain)));
    }

    #[test]
    fn foreign_plugins_are_named() {
        for (plugin, text) in [
            (json!("zarr"), "unknown plugin \"zarr\""),
            (json!(7), "unknown plugin \"7\""),
        ] {
            let error = StreamKind::parse(&json!({"plugin": plugin}), Some(&Encoding::Json));
            assert_eq!(error.unwrap_err().to_string(), text);
        }
    }
}
