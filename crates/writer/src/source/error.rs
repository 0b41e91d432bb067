//! The error of a source of scans.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use observation::{Classified, ErrorKind, ErrorOrigin};

/// Why a scan, or the server that holds it, cannot be read.
///
/// Its text is that of the error of the data model, which names scan and stream.
#[derive(Debug, Clone)]
pub struct SourceError {
    is_missing: bool,
    kind: ErrorKind,
    origin: ErrorOrigin,
    cause: Arc<dyn Error + Send + Sync>,
}

impl SourceError {
    /// Creates an error from the error of a data model.
    pub fn new(
        cause: impl Error + Send + Sync + 'static,
        kind: ErrorKind,
        origin: ErrorOrigin,
    ) -> SourceError {
        SourceError {
            is_missing: false,
            kind,
            origin,
            cause: Arc::new(cause),
        }
    }

    /// Creates the error of a scan that does not exist, or no longer.
    pub fn missing(cause: impl Error + Send + Sync + 'static) -> SourceError {
        SourceError {
            is_missing: true,
            ..SourceError::new(cause, ErrorKind::Protocol, ErrorOrigin::Data)
        }
    }

    /// Returns `true` if there is no such scan, or no longer.
    pub fn is_missing(&self) -> bool {
        self.is_missing
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

/// The text already is that of the cause, so the source is the cause of the cause.
impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl Classified for SourceError {
    fn kind(&self) -> ErrorKind {
        self.kind
    }

    fn origin(&self) -> ErrorOrigin {
        self.origin
    }
}
