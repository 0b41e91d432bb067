//! Reads frames in the file of a detector.

use super::edf::{EdfFile, EdfFrame};
use super::expected::same_bytes;
use super::hdf5::Hdf5Frames;
use super::{ExpectedFrames, FrameError, FrameFormat, FrameRange};
use crate::tree::ElementType;

/// The number of bytes that are read at a time, if a frame is not larger.
const BATCH: u64 = 4 << 20;

/// Reads successive frames.
pub struct FrameReader {
    source: Source,
    element: ElementType,
    shape: Vec<u64>,
    next: u64,
    end: u64,
}

/// The bytes of some frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameBatch {
    /// The number of frames.
    pub frames: u64,
    /// Their pixels in C order.
    pub bytes: Vec<u8>,
}

enum Source {
    Hdf5 {
        frames: Hdf5Frames,
        /// The index behind the last frame that was written, if the dataset has more.
        stored: u64,
    },
    Edf {
        file: EdfFile,
        expected: ExpectedFrames,
        /// The first frame, whose bytes were not read yet.
        first: Option<EdfFrame>,
    },
}

impl FrameReader {
    /// Opens the file. The pixels get the expected type, or that of the first frame if any will do.
    ///
    /// # Errors
    /// If the file cannot be read, and if its frames have another type or shape than expected.
    pub fn open(range: &FrameRange, expected: &ExpectedFrames) -> Result<FrameReader, FrameError> {
        std::fs::metadata(&range.file)?;
        let (next, end) = (range.first, range.first.saturating_add(range.count));
        match expected.format {
            FrameFormat::Hdf5 => {
                let frames = Hdf5Frames::open(range)?;
                expected.check(frames.element(), frames.frame_shape())?;
                let stored = frames.check_storage(range)?;
                let element = expected.element.as_ref().or(frames.element()).cloned();
                Ok(FrameReader {
                    element: element.ok_or_else(not_numbers)?,
                    shape: frames.frame_shape().to_vec(),
                    source: Source::Hdf5 {
                        frames,
                        stored: next + stored,
                    },
                    next,
                    end,
                })
            }
            FrameFormat::Edf => {
                let mut file = EdfFile::open(&range.file)?;
                let frame = file.frame(range.first)?;
                expected.check(Some(&frame.element), &frame.shape)?;
                let mut expected = expected.clone();
                expected.shape = Some(frame.shape.iter().copied().map(Some).collect());
                let element = expected
                    .element
                    .get_or_insert_with(|| frame.element.clone())
                    .clone();
                Ok(FrameReader {
                    element,
                    shape: frame.shape.clone(),
                    source: Source::Edf {
                        file,
                        expected,
                        first: Some(frame),
                    },
                    next,
                    end,
                })
            }
            FrameFormat::Other => Err(FrameError::Header("another format".to_owned())),
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

    /// Reads the next frames. Returns `None` after the last one of the range.
    ///
    /// # Errors
    /// If the next frame is not there, cannot be read, or has another type or shape.
    pub fn next_batch(&mut self) -> Result<Option<FrameBatch>, FrameError> {
        if self.next >= self.end {
            return Ok(None);
        }
        let batch = match &mut self.source {
            Source::Hdf5 { frames, stored } => {
                let end = match self.next < *stored {
                    true => (*stored).min(self.end),
                    false if frames.has(self.next) => return Err(FrameError::Unwritten),
                    false => self.end,
                };
                frames.read(self.next, end - self.next, BATCH, &self.element)?
            }
            Source::Edf {
                file,
                expected,
                first,
            } => {
                let frame = match first.take() {
                    Some(frame) => frame,
                    None => file.frame(self.next)?,
                };
                expected.check(Some(&frame.element), &frame.shape)?;
                let mut bytes = file.read(&frame)?;
                swap(&mut bytes, &frame.element, &self.element);
                FrameBatch { frames: 1, bytes }
            }
        };
        self.next += batch.frames;
        Ok(Some(batch))
    }
}

/// Reverses the bytes of each pixel if the two types differ in their order.
fn swap(bytes: &mut [u8], stored: &ElementType, wanted: &ElementType) {
    if !same_bytes(stored, wanted) {
        let item = stored.size().unwrap_or(1);
        bytes.chunks_exact_mut(item).for_each(<[u8]>::reverse);
    }
}

fn not_numbers() -> FrameError {
    FrameError::Unopened("its elements are not numbers".to_owned())
}
