//! What a reader reports about a scan.

use std::sync::Arc;

use acquisition::DType;
use bytes::Bytes;

use crate::event::Description;
use crate::key::NodeKey;
use crate::lima::LimaStatus;
use crate::points::Conversion;

/// A stream of a scan: its place in the order in which they were announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub usize);

/// How far a scan is. The order of states is that of their declaration; a scan may skip some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScanState {
    /// The scan exists. Its channels may not be announced yet.
    Created,
    /// All channels are announced. Data may follow.
    Prepared,
    /// The publisher has said that the scan has ended, and everything was read.
    Ended,
}

/// An event of a scan. The events of one stream are in order and without gaps: each point is in exactly one
/// [`Points`](ReaderEvent::Points), [`Texts`](ReaderEvent::Texts), [`References`](ReaderEvent::References) or
/// [`Lost`](ReaderEvent::Lost).
#[derive(Debug, Clone, PartialEq)]
pub enum ReaderEvent {
    /// A stream was announced. It can be followed from now on.
    Stream(StreamId),
    /// The data of a stream have another type or shape than was known. What follows is as described here.
    Described {
        /// The stream.
        stream: StreamId,
        /// The new description.
        description: Arc<Description>,
    },
    /// The numbers of a stream are of another type than it has, and are converted. Reported with the first ones.
    Converted {
        /// The stream.
        stream: StreamId,
        /// The two types.
        conversion: Conversion,
    },
    /// The scan has reached this state. Its info has been read again before. [`ScanState::Ended`] comes after all data
    /// of the streams that were followed by then.
    State(ScanState),
    /// Points of a channel of numbers.
    Points(PointBlock),
    /// Points of a channel of texts.
    Texts {
        /// The stream.
        stream: StreamId,
        /// Index of the first point.
        first: u64,
        /// Number of points.
        count: u64,
        /// Shape of one point.
        shape: Arc<[u64]>,
        /// The texts of all points in the order of C.
        texts: Vec<String>,
    },
    /// References to other scans.
    References {
        /// The stream.
        stream: StreamId,
        /// Index of the first reference.
        first: u64,
        /// Keys of the scans, which may no longer exist.
        keys: Vec<String>,
    },
    /// How far a detector of Lima is. [`ScanReader::images`](super::ScanReader::images) says where its images are.
    LimaStatus {
        /// The stream.
        stream: StreamId,
        /// The last state of the detector.
        status: LimaStatus,
    },
    /// Points that can no longer be read, at their place in the order; or something else that is wrong at this place,
    /// if `count` is 0.
    Lost {
        /// The stream.
        stream: StreamId,
        /// Index of the first point.
        first: u64,
        /// Number of points.
        count: u64,
        /// Why they are lost.
        reason: LossReason,
    },
    /// A node below the scan was announced but does not exist any more: it has expired, or was evicted. If it is a
    /// channel, its data are lost; if it is a device, so are the data of its channels.
    NodeGone {
        /// The node.
        key: NodeKey,
    },
    /// No more points of the stream will come.
    End {
        /// The stream.
        stream: StreamId,
        /// Number of points; of a detector of Lima, number of images that were acquired.
        total: u64,
    },
    /// The scan was deleted before it ended. What remained of the data has been delivered; nothing more will come.
    Deleted,
}

impl ReaderEvent {
    /// Returns `true` if a spool may have what Redis did not have.
    pub(super) fn may_be_spooled(&self) -> bool {
        matches!(self, ReaderEvent::Lost { .. } | ReaderEvent::End { .. })
    }
}

/// Consecutive points of a channel of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointBlock {
    /// The stream.
    pub stream: StreamId,
    /// Index of the first point.
    pub first: u64,
    /// Number of points.
    pub count: u64,
    /// Type of the numbers: that of the stream, whatever byte order was published.
    pub dtype: DType,
    /// Shape of each of these points.
    pub shape: Arc<[u64]>,
    /// The points in the order of C.
    pub data: Bytes,
}

/// Why points are lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LossReason {
    /// Redis has dropped the points to limit the length of the stream, or the publisher has skipped them.
    #[error("Redis no longer has them")]
    Trimmed,
    /// The data are not as described.
    #[error("their event is not valid: {0}")]
    Corrupt(String),
    /// The stream does not exist any more: it has expired, or was evicted or deleted. How many points it had is not
    /// known. Points that are published later are delivered.
    #[error("their stream was deleted")]
    Vanished,
    /// The key of the stream is not one of a stream.
    #[error("their key is not a stream")]
    WrongType,
}
