//! Plugin `scan_sequence`: references to the scans of a sequence.

use serde_json::Value;

use super::info_fields::InfoFields;
use super::{StreamKind, StreamKindError, StreamPlugin};
use crate::encoding::Encoding;

/// The plugin.
pub(super) struct ScanSequence;

impl StreamPlugin for ScanSequence {
    fn name(&self) -> &'static str {
        "scan_sequence"
    }

    fn early_format(&self) -> Option<&'static str> {
        Some("subscan")
    }

    fn parse(
        &self,
        info: &InfoFields<'_>,
        encoding: Option<&Encoding>,
    ) -> Result<StreamKind, StreamKindError> {
        info.require_json(encoding)?;
        Ok(StreamKind::ScanSequence)
    }
}

/// One event of a [`StreamKind::ScanSequence`] stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequencedScan {
    /// Key of the sub-scan, which may be deleted already or belong to another session.
    pub key: String,
    /// Number of the sub-scan; BLISS adds it so that the key need not be loaded.
    pub number: Option<u64>,
}

impl SequencedScan {
    /// Reads one JSON value of the stream; `None` when it names no scan.
    pub fn parse(event: &Value) -> Option<SequencedScan> {
        Some(SequencedScan {
            key: event.get("key")?.as_str()?.to_owned(),
            number: event.get("scan_number").and_then(Value::as_u64),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sequences_with_plugin_and_with_format() {
        for info in [
            json!({"plugin": "scan_sequence"}),
            json!({"format": "subscan"}),
        ] {
            let kind = StreamKind::parse(&info, Some(&Encoding::Json));
            assert!(matches!(kind, Ok(StreamKind::ScanSequence)), "{info}");
        }
        let number = Encoding::Numeric {
            dtype: "<f8".parse().unwrap(),
            shape: vec![],
        };
        assert!(StreamKind::parse(&json!({"plugin": "scan_sequence"}), Some(&number)).is_err());
        let event = json!({"key": "esrf:scan:A", "scan_number": 7, "more": 1});
        let expected = SequencedScan {
            key: "esrf:scan:A".to_owned(),
            number: Some(7),
        };
        assert_eq!(SequencedScan::parse(&event), Some(expected));
        assert_eq!(SequencedScan::parse(&json!({"scan_number": 7})), None);
    }
}
