//! What to make of the payloads of a stream.

use std::sync::Arc;

use crate::document::StreamModel;
use crate::encoding::Encoding;
use crate::stream_kind::{ProgressReader, StreamKind, StreamKindError};

/// How the payloads of one stream are read.
#[derive(Debug, Clone)]
pub(super) enum PayloadFormat {
    /// Points of that many bytes each.
    Fixed { point: u64 },
    /// Points with their shape in front.
    Variable {
        item: usize,
        shape: Vec<Option<u64>>,
    },
    /// One JSON value.
    Json,
    /// Reports of a detector, of which the greatest matters.
    Progress(Arc<dyn ProgressReader>),
}

impl PayloadFormat {
    /// The way to read a stream whose description is sound.
    pub fn of(
        model: &StreamModel,
        kind: &StreamKind,
        encoding: &Encoding,
    ) -> Result<PayloadFormat, StreamKindError> {
        let (dtype, shape) = match (kind, encoding) {
            (StreamKind::Frames { progress, .. } | StreamKind::MasterFile { progress, .. }, _) => {
                return Ok(PayloadFormat::Progress(progress.clone()));
            }
            (_, Encoding::Json) => return Ok(PayloadFormat::Json),
            (_, Encoding::Numeric { dtype, shape }) => (dtype, shape),
        };
        match encoding.point_size() {
            Some(point) => Ok(PayloadFormat::Fixed { point }),
            None if encoding.is_variable() => Ok(PayloadFormat::Variable {
                item: dtype.size,
                shape: shape.clone(),
            }),
            None => {
                let problem = format!("points of {} have no size", model.name);
                Err(StreamKindError::Malformed(problem))
            }
        }
    }

    /// Whether the entries are reports of progress, of which the greatest matters.
    pub fn is_progress(&self) -> bool {
        matches!(self, PayloadFormat::Progress(_))
    }

    /// A guess at the size of a payload before one was seen.
    pub fn entry_size(&self) -> u64 {
        match self {
            PayloadFormat::Fixed { point } => *point,
            PayloadFormat::Variable { .. } => 256 << 10,
            PayloadFormat::Json => 1 << 10,
            PayloadFormat::Progress(_) => 64,
        }
    }
}
