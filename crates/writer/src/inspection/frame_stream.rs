//! Frames that another process reads.

use std::time::Duration;

use bytes::Bytes;
use nexus::frames::FrameError;
use nexus::inspection::Answer;
use nexus::tree::ElementType;

use super::process::InspectionProcess;
use super::{Inspector, unexpected};

/// Receives frames that another process reads. That process is killed if this is dropped before the end.
pub struct FrameStream<'i> {
    inspector: &'i Inspector,
    /// `None` after the end, or an error.
    process: Option<InspectionProcess>,
    element: ElementType,
    shape: Vec<u64>,
    limit: Duration,
}

impl<'i> FrameStream<'i> {
    pub(super) fn new(
        inspector: &'i Inspector,
        process: InspectionProcess,
        element: ElementType,
        shape: Vec<u64>,
        limit: Duration,
    ) -> FrameStream<'i> {
        FrameStream {
            inspector,
            process: Some(process),
            element,
            shape,
            limit,
        }
    }

    /// Returns the type of the pixels.
    pub fn element(&self) -> &ElementType {
        &self.element
    }

    /// Returns the shape of a frame.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Returns the number of the next frames and their pixels, or `None` after the last frame.
    ///
    /// # Errors
    /// If the next frame cannot be read.
    pub async fn next_batch(&mut self) -> Result<Option<(u64, Bytes)>, FrameError> {
        let Some(mut process) = self.process.take() else {
            return Ok(None);
        };
        match process.answer(self.limit).await? {
            Answer::Batch { frames, bytes } => {
                let bytes = process.bytes(bytes, self.limit).await?;
                self.process = Some(process);
                Ok(Some((frames, bytes.into())))
            }
            Answer::End(end) => {
                self.inspector.keep(process);
                end.map_or(Ok(None), Err)
            }
            _ => Err(unexpected()),
        }
    }
}
