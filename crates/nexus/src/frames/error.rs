//! The errors of frames in a file of a detector.

use std::io;

use serde::{Deserialize, Serialize};

use crate::h5;

/// The reason why a frame in a file of a detector cannot be referred to or copied.
///
/// It may come from another process, so it holds the texts of its causes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FrameError {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The file has been announced by a name that only another system understands.
    #[error("the name is one of another system")]
    ForeignName,
    /// The file cannot be opened or read.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// The file is in HDF5 format, and the detector has not said in which dataset the frames are.
    #[error("no dataset was announced")]
    NoDataset,
    /// The HDF5 file, or the dataset in it, cannot be opened.
    #[error("the dataset cannot be opened: {0}")]
    Unopened(String),
    /// The file has fewer frames.
    #[error("the file ends before the frame")]
    Short,
    /// The dataset has room for the frame, and nothing was written there.
    #[error("the frame was not written")]
    Unwritten,
    /// The path leads to a pipe, a device or a directory.
    #[error("not a regular file")]
    NotRegular,
    /// The dataset of a detector consists of datasets in other files, and one of these is not there.
    #[error("the dataset lacks a part: {0}")]
    PartMissing(String),
    /// The file does not have the EDF format.
    #[error("the file is not an EDF file: {0}")]
    Header(String),
    /// The frame is compressed.
    #[error("the frame is compressed ({0})")]
    Compressed(String),
    /// The pixels have another type than the frames before.
    #[error("pixels of type {found} where {expected} was expected")]
    Type {
        /// The expected type.
        expected: String,
        /// The type in the file.
        found: String,
    },
    /// The frame has another shape.
    #[error(
        "a frame of shape {found:?} where {} was expected",
        shape_text(expected)
    )]
    Shape {
        /// The expected shape, with `None` for lengths that were not known.
        expected: Vec<Option<u64>>,
        /// The shape in the file.
        found: Vec<u64>,
    },
    /// The HDF5 library cannot read the frame.
    #[error("the frame cannot be read: {0}")]
    Hdf5(String),
    /// The HDF5 library may lack a filter of the dataset.
    #[error("the frame needs filters that this program may lack: {0}")]
    Filters(String),
    /// There are more frames than one dataset can refer to.
    #[error("HDF5 cannot refer to more than {0} pieces of files in one dataset")]
    TooMany(usize),
    /// The file system does not answer.
    #[error("the file system has not answered within {0} s")]
    NoAnswer(u64),
    /// The process that looks at files cannot be used.
    #[error("the file could not be looked at: {0}")]
    NotInspected(String),
}

impl FrameError {
    /// Returns `true` if the frame may be found later.
    pub fn is_temporary(&self) -> bool {
        match self {
            FrameError::Missing
            | FrameError::Unreadable(_)
            | FrameError::Unopened(_)
            | FrameError::Short
            | FrameError::Unwritten
            | FrameError::PartMissing(_)
            | FrameError::NoAnswer(_)
            | FrameError::NotInspected(_) => true,
            FrameError::ForeignName
            | FrameError::NotRegular
            | FrameError::NoDataset
            | FrameError::Header(_)
            | FrameError::Compressed(_)
            | FrameError::Type { .. }
            | FrameError::Shape { .. }
            | FrameError::Hdf5(_)
            | FrameError::Filters(_)
            | FrameError::TooMany(_) => false,
        }
    }

    /// Returns `true` if a reference to the frame is right as soon as the detector has saved it, because nothing
    /// else is in its place now.
    ///
    /// HDF5 cannot read a virtual dataset if one of its sources is shorter than what it refers to.
    pub fn allows_reference(&self) -> bool {
        matches!(
            self,
            FrameError::Missing
                | FrameError::Unreadable(_)
                | FrameError::Unopened(_)
                | FrameError::Unwritten
                | FrameError::PartMissing(_)
                | FrameError::NoAnswer(_)
                | FrameError::NotInspected(_)
        )
    }

    /// Returns `true` if the two errors are of the same kind.
    pub fn is_like(&self, other: &FrameError) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Returns `true` if the frame is there, although this program cannot read it.
    pub(super) fn is_of_format(&self) -> bool {
        matches!(self, FrameError::Compressed(_))
    }
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> FrameError {
        match error.kind() {
            io::ErrorKind::NotFound => FrameError::Missing,
            io::ErrorKind::UnexpectedEof => FrameError::Short,
            _ => FrameError::Unreadable(error.to_string()),
        }
    }
}

/// Returns the error for a dataset that the library cannot open.
pub(super) fn unopened(error: h5::Error) -> FrameError {
    FrameError::Unopened(error.to_string())
}

fn shape_text(shape: &[Option<u64>]) -> String {
    let lengths: Vec<String> = shape
        .iter()
        .map(|length| length.map_or_else(|| "?".to_owned(), |length| length.to_string()))
        .collect();
    format!("[{}]", lengths.join(", "))
}
