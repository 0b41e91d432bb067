//! Why something was not published.

use blissdata::document::ScanState;
use blissdata::store::{ScanKey, StoreError};
use redis_client::{RedisError, ServerError};

/// Why something was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Redis does not answer, or not as expected.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The data store cannot take scans.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Redis refuses a change of the scan. Nothing or not all of it was written.
    #[error("scan {scan} cannot be {what}")]
    Refused {
        /// The scan.
        scan: ScanKey,
        /// The change, e.g. `prepared`.
        what: &'static str,
        /// The first answer that was an error.
        source: ServerError,
    },
    /// Redis refused data or the seal of a stream.
    #[error("stream {stream} of scan {scan} is refused")]
    Stream {
        /// The scan.
        scan: ScanKey,
        /// Name of the stream.
        stream: String,
        /// The first answer that was an error.
        source: ServerError,
    },
    /// The scan cannot go from one state to the other.
    #[error("scan {scan} is {from:?}, it cannot become {to:?}")]
    Transition {
        /// The scan.
        scan: ScanKey,
        /// Its state.
        from: ScanState,
        /// The state that was wanted.
        to: ScanState,
    },
    /// The info of a scan is more than blissdata allows, or no object.
    #[error("scan info {problem}")]
    Info {
        /// What is wrong with it.
        problem: String,
    },
    /// Two streams of a scan cannot have the same name.
    #[error("scan {scan} has a stream {stream} already")]
    DuplicateStream {
        /// The scan.
        scan: ScanKey,
        /// Name of the stream.
        stream: String,
    },
    /// A stream cannot be declared like this.
    #[error("definition of stream {stream}: {problem}")]
    Definition {
        /// Name of the stream.
        stream: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing can be added to a stream after its end.
    #[error("stream {stream} of scan {scan} is sealed")]
    Sealed {
        /// The scan.
        scan: ScanKey,
        /// Name of the stream.
        stream: String,
    },
    /// Data do not have the type or size that the stream declares.
    #[error("data for stream {stream} of scan {scan}: {problem}")]
    Data {
        /// The scan.
        scan: ScanKey,
        /// Name of the stream.
        stream: String,
        /// What is wrong with them.
        problem: String,
    },
    /// A value cannot be written as JSON.
    #[error("a value cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}
