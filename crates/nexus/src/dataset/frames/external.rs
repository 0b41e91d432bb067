//! A dataset whose bytes are those of EDF files.

use std::path::PathBuf;

use super::edf::{EdfFile, EdfFrame};
use super::{FrameError, FrameRange, FrameTarget};
use crate::chunk::FillValue;
use crate::dataset::Error;
use crate::h5::ExternalOptions;
use crate::tree::{ByteOrder, ElementType, ExternalFile};

/// The largest number of pieces of files to which a dataset can refer. A message in its header lists
/// them, with 24 bytes for each, and messages have less than 64 KiB (HDF5 file format, *Data Storage -
/// External Data Files*).
const MAX_PIECES: usize = 2700;

/// The pieces of EDF files that hold the frames found so far.
#[derive(Default)]
pub(super) struct ExternalFrames {
    pieces: Vec<ExternalFile>,
}

impl ExternalFrames {
    /// Returns the number of frames that were found.
    pub fn located(&self) -> u64 {
        self.pieces.len() as u64
    }

    /// Finds more of these frames, which are all frames of the scan. Returns the error for the first
    /// frame that may be found later.
    pub fn locate(
        &mut self,
        target: &FrameTarget,
        frames: &[FrameRange],
    ) -> Result<Option<Error>, Error> {
        for frames in super::skip_frames(frames, self.located()) {
            let Err(problem) = self.locate_in(&frames, target) else {
                continue;
            };
            let is_temporary = problem.is_temporary();
            let error = target.problem(self.located(), &frames.file, problem);
            return if is_temporary {
                Ok(Some(error))
            } else {
                Err(error)
            };
        }
        Ok(None)
    }

    fn locate_in(&mut self, frames: &FrameRange, target: &FrameTarget) -> Result<(), FrameError> {
        let mut edf = EdfFile::open(&frames.file)?;
        for row in frames.first..frames.first.saturating_add(frames.count) {
            if self.pieces.len() >= MAX_PIECES {
                return Err(FrameError::TooMany(MAX_PIECES));
            }
            let EdfFrame { offset, size, .. } = checked_frame(edf.frame(row)?, target, false)?;
            self.pieces.push(ExternalFile {
                name: PathBuf::from(&frames.file),
                offset,
                size: Some(size),
            });
        }
        Ok(())
    }

    /// Creates the dataset of all frames that were found.
    pub fn make(&self, target: &FrameTarget) -> Result<(), Error> {
        let shape: Vec<u64> = std::iter::once(self.located())
            .chain(target.frame.iter().copied())
            .collect();
        let fill = FillValue::new(&target.element);
        let options = ExternalOptions {
            element: &target.element,
            shape: &shape,
            files: &self.pieces,
            fill: fill.as_ref().map(FillValue::bytes),
        };
        target
            .parent
            .create_external(&target.path, &options)
            .map(drop)
            .map_err(|source| target.failure("create the external dataset", source))
    }
}

/// Returns the frame if it has the declared shape and type. If `swappable` is `true`, its bytes may have
/// either order.
pub(super) fn checked_frame(
    frame: EdfFrame,
    target: &FrameTarget,
    swappable: bool,
) -> Result<EdfFrame, FrameError> {
    if frame.shape != target.frame {
        return Err(FrameError::Shape {
            declared: target.frame.clone(),
            found: frame.shape,
        });
    }
    let declared = target.element.clone();
    if little_endian(&frame.element) != little_endian(&declared) {
        return Err(FrameError::Type {
            declared: format!("{declared:?}"),
            found: format!("{:?}", frame.element),
        });
    }
    if !swappable && !same_order(&frame.element, &declared) {
        return Err(FrameError::ByteOrder(format!("{declared:?}")));
    }
    Ok(frame)
}

/// Returns `true` if elements of the two types have the same bytes.
pub(super) fn same_order(left: &ElementType, right: &ElementType) -> bool {
    left == right || left.size() == Some(1)
}

fn little_endian(element: &ElementType) -> ElementType {
    match element {
        ElementType::Int(size, _) => ElementType::Int(*size, ByteOrder::Little),
        ElementType::Uint(size, _) => ElementType::Uint(*size, ByteOrder::Little),
        ElementType::Float(size, _) => ElementType::Float(*size, ByteOrder::Little),
        other => other.clone(),
    }
}
