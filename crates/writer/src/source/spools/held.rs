//! Scans that are left to those who have points that the server may not have.

use std::path::PathBuf;

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::source::SourceError;

/// Another process, or one on another host, has points of the scan that the server may not have.
#[derive(Debug, thiserror::Error)]
pub enum SpoolHeldError {
    /// Another process on this host has the spool.
    #[error("its unread points are spooled by another process in {}", folder.display())]
    ByProcess { folder: PathBuf },
    /// The spool is on another host.
    #[error("its unread points are spooled on host {host}")]
    OnHost { host: String },
}

impl Classified for SpoolHeldError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Locked
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Environment
    }
}

impl From<SpoolHeldError> for SourceError {
    fn from(error: SpoolHeldError) -> SourceError {
        let (kind, origin) = (error.kind(), error.origin());
        SourceError::new(error, kind, origin)
    }
}
