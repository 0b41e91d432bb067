//! Converts errors of the data model into errors of a source.

use blissdata::document::ScanDocumentError;
use blissdata::json::JsonError;
use blissdata::reader::ReadError;
use blissdata::store::{KeyError, ScanKey, StoreError};
use observation::{Classified, ErrorKind, ErrorOrigin};
use redis_client::RedisError;

use crate::source::SourceError;

/// The scan does not exist, or no longer.
#[derive(Debug, thiserror::Error)]
#[error("there is no scan {key}")]
pub struct MissingScan {
    pub key: ScanKey,
}

fn classified(error: impl Classified + Send + Sync + 'static) -> SourceError {
    let (kind, origin) = (error.kind(), error.origin());
    SourceError::new(error, kind, origin)
}

impl From<ReadError> for SourceError {
    fn from(error: ReadError) -> SourceError {
        match error {
            ReadError::NotFound { .. } | ReadError::Deleted { .. } => SourceError::missing(error),
            error => classified(error),
        }
    }
}

impl From<StoreError> for SourceError {
    fn from(error: StoreError) -> SourceError {
        classified(error)
    }
}

impl From<ScanDocumentError> for SourceError {
    fn from(error: ScanDocumentError) -> SourceError {
        classified(error)
    }
}

impl From<KeyError> for SourceError {
    fn from(error: KeyError) -> SourceError {
        classified(error)
    }
}

impl From<JsonError> for SourceError {
    fn from(error: JsonError) -> SourceError {
        classified(error)
    }
}

/// A query about a scan failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot look up scan {scan}")]
pub struct LookupError {
    scan: String,
    source: RedisError,
}

impl LookupError {
    /// Returns a function that creates the error of a query about `scan`.
    pub fn new(scan: &str) -> impl Fn(RedisError) -> LookupError {
        move |source| LookupError {
            scan: scan.to_owned(),
            source,
        }
    }
}

impl Classified for LookupError {
    fn kind(&self) -> ErrorKind {
        self.source.kind()
    }

    fn origin(&self) -> ErrorOrigin {
        self.source.origin()
    }
}

impl From<LookupError> for SourceError {
    fn from(error: LookupError) -> SourceError {
        classified(error)
    }
}
