//! What a reader reports about a scan, and what can go wrong.

use bytes::Bytes;
use redis_client::{RedisError, ServerError};

use crate::document::{ScanDocumentError, ScanState};
use crate::encoding::EncodingError;
use crate::store::ScanKey;
use crate::stream_kind::StreamKindError;

/// A stream that a reader follows: its place in the order of the calls of `follow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub usize);

/// One piece of news about a scan. The events of one stream are in order and without gaps: each
/// point is in exactly one [`Points`](ReaderEvent::Points), [`Json`](ReaderEvent::Json) or
/// [`Lost`](ReaderEvent::Lost).
#[derive(Debug, Clone, PartialEq)]
pub enum ReaderEvent {
    /// The scan has reached this state. The document has been read again before.
    State(ScanState),
    /// Points of a numeric stream.
    Points(PointBlock),
    /// Progress of a detector, since the start of the scan; never decreases.
    Frames {
        /// The stream.
        stream: StreamId,
        /// Frames acquired.
        acquired: u64,
        /// Frames that the detector has saved. Lima 2 does not distinguish: the same as acquired.
        saved: u64,
    },
    /// Values of a json stream.
    Json {
        /// The stream.
        stream: StreamId,
        /// Index of the first value.
        first: u64,
        /// Consecutive values, each as the JSON text that was published.
        texts: Vec<String>,
    },
    /// Points that can no longer be read, at their place in the order; or something else that
    /// is wrong at this place, when `count` is 0.
    Lost {
        /// The stream.
        stream: StreamId,
        /// Index of the first point.
        first: u64,
        /// Number of points.
        count: u64,
        /// Why.
        reason: LossReason,
    },
    /// No more points will come.
    End {
        /// The stream.
        stream: StreamId,
        /// Number of points; of a detector, number of frames acquired.
        total: u64,
        /// Whether the publisher said so. Otherwise the scan is over without having sealed the
        /// stream: it was aborted, or its publisher died.
        sealed: bool,
    },
    /// The scan was deleted before it was closed. What remained of the data has been delivered;
    /// nothing more will come.
    Deleted,
}

impl ReaderEvent {
    /// Returns `true` if a spool may have what Redis did not have.
    pub(super) fn may_be_spooled(&self) -> bool {
        matches!(
            self,
            ReaderEvent::Lost {
                reason: LossReason::Trimmed | LossReason::StatusTrimmed,
                ..
            } | ReaderEvent::End { .. }
        )
    }
}

/// Consecutive points of a numeric stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointBlock {
    /// The stream.
    pub stream: StreamId,
    /// Index of the first point.
    pub first: u64,
    /// Number of points.
    pub count: u64,
    /// Shape of each of these points, when the stream's shape varies.
    pub shape: Option<Box<[u64]>>,
    /// The points, in C order and declared byte order.
    pub data: Bytes,
}

/// Why points are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LossReason {
    /// Redis no longer had them, or the publisher skipped them.
    Trimmed,
    /// Their entry does not fit the declared encoding.
    Corrupt(String),
    /// The last progress report of a detector is gone: how many frames there are is not known. No
    /// points are meant, `count` is 0.
    StatusTrimmed,
    /// The stream declares fewer points than it had. No points are meant, `count` is 0.
    InconsistentSeal {
        /// Declared number of points.
        declared: u64,
    },
    /// The key is no stream. No points are meant, `count` is 0.
    WrongType(String),
}

/// Why a scan cannot be read, or a stream of it not followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No such scan, or it is deleted.
    #[error("scan {key} does not exist")]
    NotFound {
        /// Key of the scan.
        key: ScanKey,
    },
    /// The scan is about to disappear, or already half gone.
    #[error("scan {key} is deleted")]
    Deleted {
        /// Key of the scan.
        key: ScanKey,
    },
    /// Something else is stored under the key.
    #[error("{key} is not a scan")]
    NotAScan {
        /// Key of the scan.
        key: ScanKey,
        /// What Redis said.
        source: ServerError,
    },
    /// The description of the scan is unusable.
    #[error(transparent)]
    Document(#[from] ScanDocumentError),
    /// Redis cannot be used, and trying again will not help.
    #[error("cannot read scan {key}")]
    Redis {
        /// Key of the scan.
        key: ScanKey,
        /// What happened.
        source: Box<RedisError>,
    },
    /// The scan has no stream of that name.
    #[error("scan {key} has no stream {name:?}")]
    UnknownStream {
        /// Key of the scan.
        key: ScanKey,
        /// Name of the stream.
        name: String,
    },
    /// The stream is followed already.
    #[error("stream {name:?} of scan {key} is followed already")]
    AlreadyFollowed {
        /// Key of the scan.
        key: ScanKey,
        /// Name of the stream.
        name: String,
    },
    /// The payloads of the stream cannot be decoded.
    #[error("cannot follow stream {name:?} of scan {key}")]
    Encoding {
        /// Key of the scan.
        key: ScanKey,
        /// Name of the stream.
        name: String,
        /// Why.
        source: EncodingError,
    },
    /// The meaning of the stream's entries is not known.
    #[error("cannot follow stream {name:?} of scan {key}")]
    Kind {
        /// Key of the scan.
        key: ScanKey,
        /// Name of the stream.
        name: String,
        /// Why.
        source: StreamKindError,
    },
}
