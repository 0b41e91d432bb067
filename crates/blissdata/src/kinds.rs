//! What the entries of a stream mean: its kind, chosen by the `plugin` of its description.
//!
//! Most streams are [plain](StreamKind::Plain): their entries are the data. Detector streams only
//! report progress: the frames are in files that the detector writes ([`LimaInfo`],
//! [`Lima2Info`], [`Lima2LegacyInfo`], [`MoscaInfo`]). Streams of sequences name other scans
//! ([`SubScan`]). A kind that is unknown or badly described is a [`KindError`] of that one stream.
//!
//! Reference: blissdata 2.4.5 (`Scan._wrap_event_stream` and the plugins), blissdata-lima2 2.0.2,
//! blissdata-mosca 2.0.5.

mod fields;
mod lima;
mod lima2;
mod mosca;

use serde_json::Value;

use crate::encoding::Encoding;
use fields::Fields;

pub use lima::{LimaInfo, LimaSaving, LimaStatus};
pub use lima2::{Lima2Info, Lima2LegacyInfo, Lima2LegacySaving, Lima2LegacyStatus};
pub use mosca::{MoscaInfo, MoscaSaving, MoscaStatus};

/// Kind of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamKind {
    /// The entries are the data: numbers or JSON values. Includes `hdf5_fallback` streams.
    Plain,
    /// Progress of a Lima 1 detector.
    Lima(LimaInfo),
    /// Progress of a Lima 2 detector.
    Lima2(Lima2Info),
    /// Progress of a Lima 2 detector as published by blissdata 1.1 to 2.0.
    Lima2Legacy(Lima2LegacyInfo),
    /// Progress of an MCA controller whose spectra a Mosca server saves.
    Mosca(MoscaInfo),
    /// References to the scans of a sequence, each readable with [`SubScan::parse`].
    ScanSequence,
}

/// Why the kind of a stream cannot be followed. Only that stream is left out then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KindError {
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
    /// [`KindError`] when the entries could be read but not understood.
    pub fn parse(info: &Value, encoding: Option<&Encoding>) -> Result<StreamKind, KindError> {
        let is_json = matches!(encoding, Some(Encoding::Json));
        let plugin = match (
            info.get("plugin"),
            info.get("format").and_then(Value::as_str),
        ) {
            (Some(Value::Null), _) => return Ok(StreamKind::Plain),
            (Some(Value::String(plugin)), _) => plugin.as_str(),
            (Some(other), _) => {
                return Err(KindError::UnknownPlugin {
                    plugin: other.to_string(),
                });
            }
            // Publishers before 2.0 named a format instead of a plugin.
            (None, Some("lima_v1")) if is_json => "lima",
            (None, Some("lima_v2")) if is_json => "lima2",
            (None, Some("subscan")) if is_json => "scan_sequence",
            (None, _) => return Ok(StreamKind::Plain),
        };
        let json_of = |plugin| match is_json {
            true => Ok(()),
            false => Err(KindError::Encoding {
                plugin,
                expected: "json",
            }),
        };
        match plugin {
            "hdf5_fallback" => Ok(StreamKind::Plain),
            "lima" => {
                json_of("lima")?;
                LimaInfo::parse(&Fields::new("lima", info)).map(StreamKind::Lima)
            }
            "lima2" if info.get("lima_info").is_some() => {
                json_of("lima2")?;
                Lima2LegacyInfo::parse(&Fields::new("lima2", info)).map(StreamKind::Lima2Legacy)
            }
            "lima2" => match encoding {
                Some(Encoding::Numeric { shape, .. }) if shape.is_empty() => {
                    Lima2Info::parse(&Fields::new("lima2", info)).map(StreamKind::Lima2)
                }
                _ => Err(KindError::Encoding {
                    plugin: "lima2",
                    expected: "scalar numeric",
                }),
            },
            "scan_sequence" => json_of("scan_sequence").map(|()| StreamKind::ScanSequence),
            "mosca" => {
                json_of("mosca")?;
                MoscaInfo::parse(&Fields::new("mosca", info)).map(StreamKind::Mosca)
            }
            other => Err(KindError::UnknownPlugin {
                plugin: other.to_owned(),
            }),
        }
    }
}

/// One event of a [`StreamKind::ScanSequence`] stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubScan {
    /// Key of the sub-scan, which may be deleted already or belong to another session.
    pub key: String,
    /// Number of the sub-scan; BLISS adds it so that the key need not be loaded.
    pub number: Option<u64>,
}

impl SubScan {
    /// Reads one JSON value of the stream; `None` when it names no scan.
    pub fn parse(event: &Value) -> Option<SubScan> {
        Some(SubScan {
            key: event.get("key")?.as_str()?.to_owned(),
            number: event.get("scan_number").and_then(Value::as_u64),
        })
    }
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
            assert_eq!(kind, Ok(StreamKind::Plain), "{info}");
        }
        let json = StreamKind::parse(&json!({"format": 3}), Some(&Encoding::Json));
        assert_eq!(json, Ok(StreamKind::Plain));
    }

    #[test]
    fn sequences_with_plugin_and_with_format() {
        for info in [
            json!({"plugin": "scan_sequence"}),
            json!({"format": "subscan"}),
        ] {
            let kind = StreamKind::parse(&info, Some(&Encoding::Json));
            assert_eq!(kind, Ok(StreamKind::ScanSequence), "{info}");
        }
        assert!(StreamKind::parse(&json!({"plugin": "scan_sequence"}), Some(&scalar())).is_err());
        let event = json!({"key": "esrf:scan:A", "scan_number": 7, "more": 1});
        let expected = SubScan {
            key: "esrf:scan:A".to_owned(),
            number: Some(7),
        };
        assert_eq!(SubScan::parse(&event), Some(expected));
        assert_eq!(SubScan::parse(&json!({"scan_number": 7})), None);
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
