//! The kind and the origin of each failure.

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::document::ScanDocumentError;
use crate::encoding::{EncodingError, PayloadError};
use crate::json::JsonError;
use crate::reader::ReadError;
use crate::store::{KeyError, StoreError};
use crate::stream_kind::StreamKindError;

impl Classified for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            StoreError::Redis(error) => error.kind(),
            StoreError::ProtocolVersion { .. } => ErrorKind::Protocol,
            _ => ErrorKind::Redis,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            StoreError::Redis(error) => error.origin(),
            // Somebody initialises it sooner or later.
            StoreError::NotInitialised { .. } => ErrorOrigin::Environment,
            _ => ErrorOrigin::User,
        }
    }
}

impl Classified for ReadError {
    fn kind(&self) -> ErrorKind {
        match self {
            ReadError::Redis { source, .. } => source.kind(),
            ReadError::UnknownStream { .. } | ReadError::AlreadyFollowed { .. } => {
                ErrorKind::Internal
            }
            _ => ErrorKind::Protocol,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            ReadError::Redis { source, .. } => source.origin(),
            ReadError::UnknownStream { .. } | ReadError::AlreadyFollowed { .. } => {
                ErrorOrigin::Internal
            }
            _ => ErrorOrigin::Data,
        }
    }
}

/// Errors of what was published: it does not follow the protocol of BLISS, and stays so.
macro_rules! published_wrongly {
    ($($error:ty),*) => {$(
        impl Classified for $error {
            fn kind(&self) -> ErrorKind {
                ErrorKind::Protocol
            }

            fn origin(&self) -> ErrorOrigin {
                ErrorOrigin::Data
            }
        }
    )*};
}
published_wrongly!(
    ScanDocumentError,
    EncodingError,
    JsonError,
    StreamKindError,
    PayloadError
);

impl Classified for KeyError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Protocol
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::User
    }
}
