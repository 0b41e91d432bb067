//! Events that a scan delivers.

use bytes::Bytes;
use observation::{ErrorOrigin, LossCause};

use super::{ScanId, StreamId};

/// An event of a scan. The events of one stream are in order and without gaps: each point
/// is in exactly one [`Points`](SourceEvent::Points), [`Texts`](SourceEvent::Texts) or [`Lost`](SourceEvent::Lost).
#[derive(Debug, Clone, PartialEq)]
pub enum SourceEvent {
    /// The state has changed. Info and streams have already been read again.
    StateChanged,
    /// Points of a stream of numbers.
    Points(Block),
    /// Points of a stream of texts.
    Texts(TextBlock),
    /// Progress of a detector since the start of the scan; never decreases.
    Frames {
        /// The stream.
        stream: StreamId,
        /// Frames that were acquired.
        acquired: u64,
        /// Frames that the detector has saved.
        saved: u64,
    },
    /// Other scans that this one refers to.
    References {
        /// The stream.
        stream: StreamId,
        /// The scans, in their order.
        scans: Vec<ScanId>,
        /// Values of the stream that are not references, as text.
        invalid: Vec<String>,
    },
    /// Points that cannot be read, at their place in the order; or another defect at this place, if `count`
    /// is 0.
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
    /// The stream has ended: no more points will be delivered.
    End {
        /// The stream.
        stream: StreamId,
        /// Number of points; of a detector, number of frames acquired.
        total: u64,
        /// Set if the publisher has declared the end. Otherwise the scan has ended without it: it was
        /// aborted, or its publisher died.
        sealed: bool,
    },
    /// The scan was deleted before it ended. The remaining data have been delivered before this event, which
    /// is the last.
    Deleted,
}

impl SourceEvent {
    /// Returns the stream of which this event has points, or says that they are lost, and the index behind the last one.
    pub fn points(&self) -> Option<(StreamId, u64)> {
        let (stream, first, count) = match self {
            SourceEvent::Points(block) => (block.stream, block.first, block.count),
            SourceEvent::Texts(block) => (block.stream, block.first, block.count),
            SourceEvent::Lost {
                stream,
                first,
                count,
                ..
            } => (*stream, *first, *count),
            _ => return None,
        };
        Some((stream, first.saturating_add(count)))
    }
}

/// Consecutive points of a stream of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The stream.
    pub stream: StreamId,
    /// Index of the first point.
    pub first: u64,
    /// Number of points.
    pub count: u64,
    /// Shape of each of these points, if the shape of the stream varies.
    pub shape: Option<Box<[u64]>>,
    /// The points in C order, in the declared type and byte order.
    pub data: Bytes,
}

/// Consecutive points of a stream of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBlock {
    /// The stream.
    pub stream: StreamId,
    /// Index of the first point.
    pub first: u64,
    /// Number of points.
    pub count: u64,
    /// Shape of each of these points; empty if a point is one text.
    pub shape: Box<[u64]>,
    /// The texts of all points in C order, without NUL characters.
    pub texts: Vec<String>,
}

impl TextBlock {
    /// Returns the size of the texts in bytes.
    pub fn bytes(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }

    /// Returns the points from the `skip`th on.
    pub fn without_first(&self, skip: u64) -> TextBlock {
        let skip = skip.min(self.count);
        let elements = self.texts.len() as u64 / self.count.max(1);
        let texts = self.texts.iter().skip((skip * elements) as usize);
        TextBlock {
            stream: self.stream,
            first: self.first + skip,
            count: self.count - skip,
            shape: self.shape.clone(),
            texts: texts.cloned().collect(),
        }
    }
}

/// Why points are lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LossReason {
    /// The server has dropped the points, or the publisher has skipped them.
    #[error("Redis no longer has them")]
    Trimmed,
    /// The data on the server do not fit the declared type.
    #[error("their entry is corrupt: {0}")]
    Corrupt(String),
    /// The last report of a detector has been dropped. No points are lost.
    #[error("the number of frames is not known")]
    CountUnknown,
    /// The publisher declares fewer points than it has published. No points are lost.
    #[error("the publisher declares {declared} points only")]
    FewerDeclared {
        /// Declared number of points.
        declared: u64,
    },
    /// Another reason, as text.
    #[error("{0}")]
    Other(String),
}

impl LossReason {
    /// Returns whether the data or the environment is at fault.
    pub fn origin(&self) -> ErrorOrigin {
        match self {
            LossReason::Trimmed | LossReason::CountUnknown => ErrorOrigin::Environment,
            LossReason::Corrupt(_) | LossReason::FewerDeclared { .. } | LossReason::Other(_) => {
                ErrorOrigin::Data
            }
        }
    }

    /// Returns the cause under which lost points are counted.
    pub fn cause(&self) -> LossCause {
        match self {
            LossReason::Trimmed | LossReason::CountUnknown => LossCause::Trimmed,
            LossReason::Corrupt(_) => LossCause::Corrupt,
            LossReason::FewerDeclared { .. } | LossReason::Other(_) => LossCause::Other,
        }
    }
}
