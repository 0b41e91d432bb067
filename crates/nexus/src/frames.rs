//! Frames in the files of detectors: finds out which of them are there, and reads them.
//!
//! A detector publishes where it saves its frames. [`find`] looks whether they are there, what type and shape
//! they have, and, in EDF files, at which bytes. [`FrameReader`] reads them. Both wait for the file system of the
//! detector, which may not answer for a long time, and HDF5 executes one call at a time in a process. A program
//! that must go on meanwhile calls them in another process, see [`inspection`](crate::inspection).

mod edf;
mod error;
mod expected;
mod find;
mod hdf5;
mod reader;
mod stamp;
mod storage;

use serde::{Deserialize, Serialize};

pub use error::FrameError;
pub use expected::{ExpectedFrames, FrameFormat, element_name};
pub use find::{Finding, FoundFrames, FramePiece, find};
pub use reader::{FrameBatch, FrameReader};
pub use stamp::FileStamp;

/// Successive frames in one file of a detector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRange {
    /// The absolute path of the file.
    pub file: String,
    /// The path of the dataset in the file. It is empty for formats without datasets.
    pub dataset: String,
    /// The index of the first frame in that dataset or file.
    pub first: u64,
    /// The number of frames.
    pub count: u64,
}
