//! Plugin `lima2`: Lima 2 detectors, whose frames are all found through one master file (protocol 2,
//! blissdata-lima2 2.0.2). Each point of the stream is the number of frames available so far.

use std::sync::Arc;

use acquisition::{DType, DTypeKind};
use serde_json::Value;

use super::info_fields::InfoFields;
use super::progress::{Progress, ProgressReader};
use super::{MasterFile, StreamKind, StreamKindError, StreamPlugin};
use crate::encoding::Encoding;

/// The plugin.
pub(super) struct Lima2;

impl StreamPlugin for Lima2 {
    fn name(&self) -> &'static str {
        "lima2"
    }

    fn early_format(&self) -> Option<&'static str> {
        Some("lima_v2")
    }

    fn parse(
        &self,
        info: &InfoFields<'_>,
        encoding: Option<&Encoding>,
    ) -> Result<StreamKind, StreamKindError> {
        let dtype = match encoding {
            Some(Encoding::Numeric { dtype, shape }) if shape.is_empty() => *dtype,
            _ => return Err(info.wrong_encoding("scalar numeric")),
        };
        info.version(2, false)?;
        let file = match info.get("master_file") {
            None => None,
            Some(value) => match value.as_array().map(Vec::as_slice) {
                Some([Value::String(file), Value::String(dataset)]) => Some(MasterFile {
                    file: file.clone(),
                    dataset: dataset.clone(),
                }),
                _ => return Err(info.error("master_file")),
            },
        };
        // Required, although the frames can be found without them.
        info.frame_type()?;
        info.optional_text("acq_uuid")?;
        info.optional_text("source_name")?;
        match dtype.kind {
            DTypeKind::Int | DTypeKind::Uint => Ok(StreamKind::MasterFile {
                file,
                progress: Arc::new(FrameCounts { dtype }),
            }),
            _ => Err(info.wrong_encoding("integer")),
        }
    }
}

/// Reports that are numbers of frames.
#[derive(Debug)]
struct FrameCounts {
    dtype: DType,
}

impl ProgressReader for FrameCounts {
    fn read(&self, payload: &[u8], points: u64) -> Result<Progress, String> {
        let size = self.dtype.size;
        if payload.len() as u64 != points.saturating_mul(size as u64) {
            return Err(format!("{} bytes for {points} numbers", payload.len()));
        }
        let counts = payload.chunks_exact(size);
        let frames = counts.map(|bytes| integer(bytes, self.dtype)).max();
        let frames = frames.unwrap_or(0);
        Ok(Progress {
            acquired: frames,
            saved: frames,
        })
    }
}

/// Returns the value of an integer of at most 8 bytes; negative ones count as 0.
fn integer(bytes: &[u8], dtype: DType) -> u64 {
    let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    let value = match dtype.big_endian {
        true => bytes.iter().fold(0, fold),
        false => bytes.iter().rev().fold(0, fold),
    };
    let negative = value >> (8 * bytes.len() - 1) & 1 == 1;
    if negative && dtype.kind == DTypeKind::Int {
        0
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counter(dtype: &str) -> Encoding {
        Encoding::Numeric {
            dtype: dtype.parse().unwrap(),
            shape: vec![],
        }
    }

    fn info() -> Value {
        json!({"plugin": "lima2", "dtype": "uint16", "shape": [512, 1024], "protocol_version": 2,
            "acq_uuid": "7a5f", "source_name": "frame", "conductor_hostname": "l2host",
            "conductor_port": 58712, "master_file": ["/x/master.h5", "/entry_0000/data"]})
    }

    fn parse(info: &Value) -> (Option<MasterFile>, Arc<dyn ProgressReader>) {
        match StreamKind::parse(info, Some(&counter("<u2"))).unwrap() {
            StreamKind::MasterFile { file, progress } => (file, progress),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn master_file() {
        let file = parse(&info()).0.unwrap();
        assert_eq!(file.file, "/x/master.h5");
        assert_eq!(file.dataset, "/entry_0000/data");
        let mut unsaved = info();
        unsaved["master_file"] = json!(null);
        assert_eq!(parse(&unsaved).0, None);
    }

    #[test]
    fn other_versions_and_encodings_are_refused() {
        let mut next = info();
        next["protocol_version"] = json!(3);
        let error = StreamKind::parse(&next, Some(&counter("<u4"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "plugin \"lima2\": protocol version 3 instead of 2"
        );
        assert!(StreamKind::parse(&info(), Some(&Encoding::Json)).is_err());
        assert!(StreamKind::parse(&info(), Some(&counter("<f8"))).is_err());
    }

    #[test]
    fn counts_of_every_integer_type() {
        let of = |bytes: &[u8], dtype: &str| integer(bytes, dtype.parse().unwrap());
        assert_eq!(of(&[1, 2, 0, 0], "<u4"), 513);
        assert_eq!(of(&[0, 0, 2, 1], ">u4"), 513);
        assert_eq!(of(&[0xff], "|u1"), 255);
        assert_eq!(of(&[0xff, 0xff], "<i2"), 0);
        assert_eq!(of(&[0xff; 8], "<u8"), u64::MAX);
        let (_, progress) = parse(&info());
        assert_eq!(progress.read(&[3, 0, 7, 0, 5, 0], 3).unwrap().acquired, 7);
        assert!(progress.read(&[3, 0], 3).is_err());
    }
}
