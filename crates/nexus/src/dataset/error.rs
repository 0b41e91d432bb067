//! The errors of the dataset of one stream.

use crate::chunk::EncodeError;
use crate::h5;

/// The reason why the data of a stream could not be stored. It does not affect the other datasets of the
/// file.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Elements of this type have no fixed size.
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
        /// The number of dimensions of a point.
        rank: usize,
    },
    /// The points do not have the shape that was declared.
    #[error("dataset {path}: points of shape {given:?} where {declared:?} was declared")]
    Shape {
        /// Path of the dataset.
        path: String,
        /// The declared shape; `None` means any length.
        declared: Vec<Option<u64>>,
        /// The shape of the given points; `None` if it is not known.
        given: Option<Vec<u64>>,
    },
    /// The payload does not have the size of its points.
    #[error("dataset {path}: the payload of {count} points of shape {shape:?} has {given} bytes")]
    Payload {
        /// Path of the dataset.
        path: String,
        /// The number of points.
        count: u64,
        /// The shape of the points.
        shape: Vec<u64>,
        /// The size of the payload in bytes.
        given: usize,
    },
    /// There are more or fewer texts than the points have elements.
    #[error("dataset {path}: {given} texts were given for {count} points of shape {shape:?}")]
    Texts {
        /// Path of the dataset.
        path: String,
        /// The number of points.
        count: u64,
        /// The shape of the points.
        shape: Vec<u64>,
        /// The number of texts.
        given: usize,
    },
    /// The points have so different shapes that a dataset with room for all of them would be mostly empty.
    #[error(
        "dataset {path}: points of shape {given:?} in a dataset with room for {present:?} would need \
         {bytes} bytes each"
    )]
    Padding {
        /// Path of the dataset.
        path: String,
        /// The shape of the given points.
        given: Vec<u64>,
        /// The largest length of the points so far, in each dimension.
        present: Vec<u64>,
        /// The size of a point in the dataset.
        bytes: u64,
    },
    /// Missing points would have to be written, and are too many for that.
    #[error("dataset {path}: {count} missing points would need {bytes} bytes")]
    Hole {
        /// Path of the dataset.
        path: String,
        /// The number of missing points.
        count: u64,
        /// Their size in the dataset.
        bytes: u64,
    },
    /// The number of points exceeds `u64::MAX`.
    #[error("dataset {path}: {count} more points are more than a dataset can have")]
    Count {
        /// Path of the dataset.
        path: String,
        /// The number of points to add.
        count: u64,
    },
    /// The dataset holds a single value, and more points were given.
    #[error("dataset {path}: {count} more points were given for a dataset of one value")]
    Single {
        /// Path of the dataset.
        path: String,
        /// The number of points that are not stored.
        count: u64,
    },
    /// The given points have been given before.
    #[error("dataset {path}: point {given} was given where point {expected} was expected")]
    Order {
        /// Path of the dataset.
        path: String,
        /// The index of the next point.
        expected: u64,
        /// The index of the first given point.
        given: u64,
    },
    /// The dataset that an earlier writer left differs from the one that this writer would create.
    #[error("dataset {path}: cannot go on with what is there: {reason}")]
    Mismatch {
        /// Path of the dataset.
        path: String,
        /// The difference.
        reason: String,
    },
    /// The HDF5 library returned an error.
    #[error("dataset {path}: cannot {action}")]
    Hdf5 {
        /// Path of the dataset.
        path: String,
        /// The operation that failed.
        action: &'static str,
        /// The error of the library.
        source: h5::Error,
    },
    /// A list would have more names of frames than fit into memory.
    #[error("dataset {path}: a list of {count} names is too long")]
    TooManyNames {
        /// Path of the dataset.
        path: String,
        /// The number of names.
        count: u64,
    },
    /// Chunks could not be encoded.
    #[error("dataset {path}: cannot encode chunks")]
    Compression {
        /// Path of the dataset.
        path: String,
        /// The cause.
        source: EncodeError,
    },
}

impl Error {
    /// Returns `true` if the same points may be stored later: the file system refuses them at present.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Error::Hdf5 { source, .. } if source.is_temporary())
    }
}
