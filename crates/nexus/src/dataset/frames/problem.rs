//! Why a frame cannot be found in a detector's file.

use std::io;
use std::sync::Arc;

use crate::h5;

/// What is wrong with one frame in one file.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read")]
    Unreadable(#[source] Arc<io::Error>),
    /// The HDF5 file, or the dataset in it, cannot be opened.
    #[error("the dataset cannot be opened")]
    Unopened(#[source] h5::Error),
    /// The file has fewer frames.
    #[error("the file ends before the frame")]
    Short,
    /// Frames of files of this kind cannot be found.
    #[error("the file is no EDF file: {0}")]
    Header(&'static str),
    /// The bytes of the frame are not its pixels.
    #[error("the frame is compressed ({0})")]
    Compressed(String),
    /// The bytes of the pixels are in the other order.
    #[error("the bytes of the pixels are in another order than {0}")]
    ByteOrder(String),
    /// The pixels have another type.
    #[error("pixels of type {found} where {declared} was declared")]
    Type {
        /// As declared.
        declared: String,
        /// As in the file.
        found: String,
    },
    /// The frame has another shape.
    #[error("a frame of shape {found:?} where {declared:?} was declared")]
    Shape {
        /// As declared.
        declared: Vec<u64>,
        /// As in the file.
        found: Vec<u64>,
    },
    /// The HDF5 library cannot read the frame.
    #[error("the frame cannot be read")]
    Hdf5(#[source] h5::Error),
    /// The HDF5 library has not got a filter of the dataset.
    #[error("the frame needs filters that this program may lack: {0}")]
    Filters(String),
    /// More frames than one dataset can refer to.
    #[error("HDF5 cannot refer to more than {0} pieces of files in one dataset")]
    TooMany(usize),
}

impl FrameError {
    /// Whether the frame may be there later.
    pub(super) fn may_heal(&self) -> bool {
        matches!(
            self,
            FrameError::Unreadable(_) | FrameError::Unopened(_) | FrameError::Short
        )
    }
}
