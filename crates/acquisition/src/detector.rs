//! Detectors that save their frames themselves.

use std::fmt::Debug;
use std::ops::Range;

use crate::dtype::DType;

/// A detector that saves its frames in files of its own, of which a data model only publishes how many
/// there are.
pub trait DetectorFiles: Debug + Send + Sync {
    /// Returns the type of the frames.
    fn frame(&self) -> &FrameType;

    /// Returns the format of the files, such as `hdf5` or `edf`, or `None` if the detector saves nothing.
    fn format(&self) -> Option<&str>;

    /// Returns the files that hold these frames of the scan, in order.
    ///
    /// # Errors
    /// If the detector does not save its frames, or its files cannot be named.
    fn sources(&self, frames: Range<u64>) -> Result<Vec<FrameSource>, FrameSourceError>;

    /// Returns how many frames can be read while the detector is at work, from the start of the scan, when
    /// it has saved `saved` of them: those in files that it has closed for good. When its stream has ended,
    /// all saved frames can be read.
    fn readable(&self, saved: u64) -> u64;

    /// Returns `true` if the detector was told not to save its frames, although it could.
    fn is_discarded(&self) -> bool {
        false
    }
}

/// Type of the frames of a detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameType {
    /// Type of a pixel.
    pub dtype: DType,
    /// Height and width, or other dimensions; `None` for one that is not known beforehand.
    pub shape: Vec<Option<u64>>,
}

/// A run of consecutive frames in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameSource {
    /// Path of the file.
    pub file: String,
    /// Path of the dataset in the file; empty when the format has none (EDF, CBF).
    pub dataset: String,
    /// Index of the first of these frames in the file.
    pub first_row: u64,
    /// Number of frames.
    pub frames: u64,
}

/// Why frames cannot be located in files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameSourceError {
    /// The detector does not save its frames.
    #[error("the detector does not save its frames")]
    NotSaved,
    /// The file name pattern is unusable.
    #[error("file name pattern {pattern:?}: {problem}")]
    Pattern {
        /// The pattern as published.
        pattern: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More files than a scan can have: the reported number of frames is nonsense.
    #[error("frames {0:?} are in too many files")]
    TooMany(Range<u64>),
}
