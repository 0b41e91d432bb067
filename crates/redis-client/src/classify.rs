//! The kind and the origin of each failure.

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::beacon::BeaconError;
use crate::{DiscoverError, EntryReplyError, RedisError, ServerError, TlsError, UrlError};

impl Classified for ServerError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        // What a server refuses although it could do it otherwise, like a value of the wrong type, depends on
        // the data.
        match (self.is_refusal(), self.is_transient()) {
            (true, _) => ErrorOrigin::User,
            (false, true) => ErrorOrigin::Environment,
            (false, false) => ErrorOrigin::Data,
        }
    }
}

impl Classified for EntryReplyError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Protocol
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Data
    }
}

impl Classified for RedisError {
    fn kind(&self) -> ErrorKind {
        match self {
            RedisError::Protocol { .. } | RedisError::Unexpected { .. } => ErrorKind::Protocol,
            _ => ErrorKind::Redis,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            RedisError::Tls { source, .. } => source.origin(),
            RedisError::Refused { source, .. } | RedisError::Server { source, .. } => {
                source.origin()
            }
            RedisError::Protocol { .. } | RedisError::Unexpected { .. } => ErrorOrigin::Data,
            _ => ErrorOrigin::Environment,
        }
    }
}

impl Classified for TlsError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        // Certificates, or the URL that names them, have to be corrected by somebody.
        ErrorOrigin::User
    }
}

impl Classified for BeaconError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            BeaconError::Address { .. } => ErrorOrigin::User,
            _ => ErrorOrigin::Environment,
        }
    }
}

impl Classified for UrlError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::User
    }
}

impl Classified for DiscoverError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            DiscoverError::Beacon(error) => error.origin(),
            _ => ErrorOrigin::User,
        }
    }
}
