//! The errors of one frame in a file of a detector.

use std::io;
use std::sync::Arc;

use crate::h5;

/// The reason why one frame in a file of a detector cannot be referred to or copied.
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
    /// The file does not have the EDF format.
    #[error("the file is not an EDF file: {0}")]
    Header(&'static str),
    /// The frame is compressed.
    #[error("the frame is compressed ({0})")]
    Compressed(String),
    /// The pixels have the other byte order.
    #[error("the bytes of the pixels are in another order than {0}")]
    ByteOrder(String),
    /// The pixels have another type.
    #[error("pixels of type {found} where {declared} was declared")]
    Type {
        /// The declared type.
        declared: String,
        /// The type in the file.
        found: String,
    },
    /// The frame has another shape.
    #[error("a frame of shape {found:?} where {declared:?} was declared")]
    Shape {
        /// The declared shape.
        declared: Vec<u64>,
        /// The shape in the file.
        found: Vec<u64>,
    },
    /// The HDF5 library cannot read the frame.
    #[error("the frame cannot be read")]
    Hdf5(#[source] h5::Error),
    /// The HDF5 library may lack a filter of the dataset.
    #[error("the frame needs filters that this program may lack: {0}")]
    Filters(String),
    /// There are more frames than one dataset can refer to.
    #[error("HDF5 cannot refer to more than {0} pieces of files in one dataset")]
    TooMany(usize),
}

impl FrameError {
    /// Returns `true` if the frame may be found later.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(
            self,
            FrameError::Unreadable(_) | FrameError::Unopened(_) | FrameError::Short
        )
    }
}
