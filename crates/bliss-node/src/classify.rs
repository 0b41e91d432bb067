//! The kind and the origin of each failure.

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::error::NodeError;
use crate::event::DescriptionError;
use crate::key::KeyError;
use crate::points::PointError;

impl Classified for NodeError {
    fn kind(&self) -> ErrorKind {
        match self {
            NodeError::Search { source }
            | NodeError::Redis { source, .. }
            | NodeError::Server(source) => source.kind(),
            NodeError::NoNodes { .. } => ErrorKind::Redis,
            NodeError::UnknownStream { .. } | NodeError::AlreadyFollowed { .. } => {
                ErrorKind::Internal
            }
            _ => ErrorKind::Protocol,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            NodeError::Search { source }
            | NodeError::Redis { source, .. }
            | NodeError::Server(source) => source.origin(),
            // Somebody publishes some sooner or later.
            NodeError::NoNodes { .. } => ErrorOrigin::Environment,
            NodeError::UnknownStream { .. } | NodeError::AlreadyFollowed { .. } => {
                ErrorOrigin::Internal
            }
            _ => ErrorOrigin::Data,
        }
    }
}

#[cfg(feature = "publish")]
impl Classified for crate::publish::PublishError {
    fn kind(&self) -> ErrorKind {
        match self {
            crate::publish::PublishError::Redis { source, .. } => source.kind(),
            crate::publish::PublishError::Exists { .. } => ErrorKind::Redis,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            crate::publish::PublishError::Redis { source, .. } => source.origin(),
            // Somebody has to choose another number, or another file.
            crate::publish::PublishError::Exists { .. } => ErrorOrigin::User,
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
published_wrongly!(KeyError, DescriptionError, PointError);
