//! The kind and the origin of each failure.

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::{DTypeError, FrameSourceError};

impl Classified for DTypeError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Protocol
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Data
    }
}

impl Classified for FrameSourceError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::DetectorFile
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Data
    }
}
