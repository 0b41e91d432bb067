//! What can go wrong with the data of one stream.

use super::FrameError;
use crate::chunk::EncodeError;
use crate::h5;

/// Why the data of a stream could not be stored. The other datasets of the file are not concerned.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Elements of this kind have no fixed size.
    #[error("dataset {path}: elements of type {element} cannot be streamed")]
    Type {
        /// Path of the dataset.
        path: String,
        /// The type.
        element: String,
    },
    /// A point has more dimensions than HDF5 allows.
    #[error("dataset {path}: points of {rank} dimensions cannot be stored")]
    Rank {
        /// Path of the dataset.
        path: String,
        /// Dimensions of a point.
        rank: usize,
    },
    /// The points do not have the shape that was declared.
    #[error("dataset {path}: points of shape {given:?} where {declared:?} was declared")]
    Shape {
        /// Path of the dataset.
        path: String,
        /// As declared; `None` stands for any length.
        declared: Vec<Option<u64>>,
        /// What came; `None` if it is not known.
        given: Option<Vec<u64>>,
    },
    /// The payload is not as long as its points.
    #[error("dataset {path}: {given} bytes came for {count} points of shape {shape:?}")]
    Payload {
        /// Path of the dataset.
        path: String,
        /// Number of points.
        count: u64,
        /// Their shape.
        shape: Vec<u64>,
        /// Bytes that came.
        given: usize,
    },
    /// More points than can be counted.
    #[error("dataset {path}: {count} more points are more than a dataset can have")]
    Count {
        /// Path of the dataset.
        path: String,
        /// Number of points to add.
        count: u64,
    },
    /// The dataset is that of one point.
    #[error("dataset {path}: {count} more points came where there is one value")]
    Single {
        /// Path of the dataset.
        path: String,
        /// Number of points that are left out.
        count: u64,
    },
    /// Points came that are stored already.
    #[error("dataset {path}: point {given} came where point {expected} was expected")]
    Order {
        /// Path of the dataset.
        path: String,
        /// Index of the next point.
        expected: u64,
        /// Index of the first point that came.
        given: u64,
    },
    /// What an earlier writer has left is not what would be made here.
    #[error("dataset {path}: cannot go on with what is there: {reason}")]
    Mismatch {
        /// Path of the dataset.
        path: String,
        /// What is different.
        reason: String,
    },
    /// The HDF5 library failed.
    #[error("dataset {path}: cannot {action}")]
    Hdf5 {
        /// Path of the dataset.
        path: String,
        /// What was tried.
        action: &'static str,
        /// What the library said.
        source: h5::Error,
    },
    /// A frame in a detector's own file cannot be shown or copied.
    #[error("dataset {path}: frame {frame} in {file}")]
    Frame {
        /// Path of the dataset.
        path: String,
        /// Index of the frame in the scan.
        frame: u64,
        /// File of the detector.
        file: String,
        /// Why.
        source: FrameError,
    },
    /// Chunks could not be made.
    #[error("dataset {path}: cannot make chunks")]
    Compression {
        /// Path of the dataset.
        path: String,
        /// Why.
        source: EncodeError,
    },
}

impl Error {
    /// Returns `true` if the same points may be stored later: the file system refuses them at present.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Error::Hdf5 { source, .. } if source.is_temporary())
    }
}
