//! What to make of the payloads of a stream.

use acquisition::{DType, DTypeKind};
use serde_json::Value;

use crate::document::StreamModel;
use crate::encoding::Encoding;
use crate::json;
use crate::kinds::{KindError, Lima2LegacyStatus, LimaStatus, MoscaStatus, StreamKind};

/// How the payloads of one stream are read.
#[derive(Debug, Clone)]
pub(super) enum Sense {
    /// Points of that many bytes each.
    Fixed { point: u64 },
    /// Points with their shape in front.
    Variable {
        item: usize,
        shape: Vec<Option<u64>>,
    },
    /// One JSON value.
    Json,
    /// Report of a Lima 1 detector.
    Lima,
    /// Report of a Lima 2 detector: a number of this type.
    Lima2 { dtype: DType },
    /// Report of a Lima 2 detector of blissdata 1.1 to 2.0.
    Lima2Legacy,
    /// Report of a Mosca server.
    Mosca,
}

/// What a detector has reported: numbers of frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub acquired: u64,
    pub saved: u64,
}

impl Progress {
    pub fn max(self, other: Progress) -> Progress {
        Progress {
            acquired: self.acquired.max(other.acquired),
            saved: self.saved.max(other.saved),
        }
    }
}

impl Sense {
    /// The way to read a stream whose description is sound.
    pub fn of(
        model: &StreamModel,
        kind: &StreamKind,
        encoding: &Encoding,
    ) -> Result<Sense, KindError> {
        Ok(match (kind, encoding) {
            (StreamKind::Lima(_), _) => Sense::Lima,
            (StreamKind::Lima2Legacy(_), _) => Sense::Lima2Legacy,
            (StreamKind::Mosca(_), _) => Sense::Mosca,
            (StreamKind::Lima2(_), Encoding::Numeric { dtype, .. })
                if matches!(dtype.kind, DTypeKind::Int | DTypeKind::Uint) =>
            {
                Sense::Lima2 { dtype: *dtype }
            }
            (StreamKind::Lima2(_), _) => {
                return Err(KindError::Encoding {
                    plugin: "lima2",
                    expected: "integer",
                });
            }
            (StreamKind::Plain | StreamKind::ScanSequence, Encoding::Json) => Sense::Json,
            (_, Encoding::Numeric { dtype, shape }) => match encoding.point_size() {
                Some(point) => Sense::Fixed { point },
                None if encoding.is_variable() => Sense::Variable {
                    item: dtype.size,
                    shape: shape.clone(),
                },
                None => {
                    let problem = format!("points of {} have no size", model.name);
                    return Err(KindError::Malformed(problem));
                }
            },
        })
    }

    /// Whether the entries are reports of progress, of which the greatest matters.
    pub fn is_progress(&self) -> bool {
        matches!(
            self,
            Sense::Lima | Sense::Lima2 { .. } | Sense::Lima2Legacy | Sense::Mosca
        )
    }

    /// A guess at the size of a payload before one was seen.
    pub fn entry_size(&self) -> u64 {
        match self {
            Sense::Fixed { point } => *point,
            Sense::Variable { .. } => 256 << 10,
            Sense::Json => 1 << 10,
            Sense::Lima | Sense::Lima2 { .. } | Sense::Lima2Legacy | Sense::Mosca => 64,
        }
    }

    /// Reads a detector's report of `len` points.
    pub fn progress(&self, payload: &[u8], len: u64) -> Result<Progress, String> {
        let no_status = || "not a status".to_owned();
        match self {
            Sense::Lima2 { dtype } => {
                if payload.len() as u64 != len.saturating_mul(dtype.size as u64) {
                    return Err(format!("{} bytes for {len} numbers", payload.len()));
                }
                let frames = payload
                    .chunks_exact(dtype.size)
                    .map(|n| integer(n, *dtype))
                    .max();
                let frames = frames.unwrap_or(0);
                Ok(Progress {
                    acquired: frames,
                    saved: frames,
                })
            }
            Sense::Lima2Legacy => {
                let status = Lima2LegacyStatus::parse(&event(payload)?).ok_or_else(no_status)?;
                Ok(Progress {
                    acquired: status.transferred,
                    saved: status.transferred,
                })
            }
            Sense::Mosca => {
                let status = MoscaStatus::parse(&event(payload)?).ok_or_else(no_status)?;
                Ok(Progress {
                    acquired: status.acquired,
                    saved: status.saved,
                })
            }
            _ => {
                let status = LimaStatus::parse(&event(payload)?).ok_or_else(no_status)?;
                Ok(Progress {
                    acquired: status.acquired,
                    saved: status.saved,
                })
            }
        }
    }
}

fn event(payload: &[u8]) -> Result<Value, String> {
    let parsed = json::parse(payload).map_err(|error| error.to_string())?;
    Ok(parsed.value)
}

/// An integer of at most 8 bytes; negative ones count as 0.
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
    use super::*;

    #[test]
    fn counters_of_every_integer_type() {
        let of = |bytes: &[u8], dtype: &str| integer(bytes, dtype.parse().unwrap());
        assert_eq!(of(&[1, 2, 0, 0], "<u4"), 513);
        assert_eq!(of(&[0, 0, 2, 1], ">u4"), 513);
        assert_eq!(of(&[0xff], "|u1"), 255);
        assert_eq!(of(&[0xff, 0xff], "<i2"), 0);
        assert_eq!(of(&[0xff; 8], "<u8"), u64::MAX);
        let lima2 = Sense::Lima2 {
            dtype: "<u2".parse().unwrap(),
        };
        assert_eq!(lima2.progress(&[3, 0, 7, 0, 5, 0], 3).unwrap().acquired, 7);
        assert!(lima2.progress(&[3, 0], 3).is_err());
    }
}
