//! What to make of the payloads of a stream.

use std::sync::Arc;

use crate::document::StreamModel;
use crate::encoding::Encoding;
use crate::stream_kind::{ProgressReader, StreamKind, StreamKindError};

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
    /// Reports of a detector, of which the greatest matters.
    Progress(Arc<dyn ProgressReader>),
}

impl Sense {
    /// The way to read a stream whose description is sound.
    pub fn of(
        model: &StreamModel,
        kind: &StreamKind,
        encoding: &Encoding,
    ) -> Result<Sense, StreamKindError> {
        let (dtype, shape) = match (kind, encoding) {
            (StreamKind::Frames { progress, .. } | StreamKind::MasterFile { progress, .. }, _) => {
                return Ok(Sense::Progress(progress.clone()));
            }
            (_, Encoding::Json) => return Ok(Sense::Json),
            (_, Encoding::Numeric { dtype, shape }) => (dtype, shape),
        };
        match encoding.point_size() {
            Some(point) => Ok(Sense::Fixed { point }),
            None if encoding.is_variable() => Ok(Sense::Variable {
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
        matches!(self, Sense::Progress(_))
    }

    /// A guess at the size of a payload before one was seen.
    pub fn entry_size(&self) -> u64 {
        match self {
            Sense::Fixed { point } => *point,
            Sense::Variable { .. } => 256 << 10,
            Sense::Json => 1 << 10,
            Sense::Progress(_) => 64,
        }
    }
}
