//! What kind each failure is of, and who is at fault.

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::beacon::BeaconError;
use crate::{DiscoverError, RedisError, ServerError, UrlError};

impl Classified for ServerError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        match self.is_refusal() {
            true => ErrorOrigin::User,
            false => ErrorOrigin::Environment,
        }
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
            RedisError::Tls { .. } => ErrorOrigin::User,
            RedisError::Refused { error, .. } | RedisError::Server { error, .. } => error.origin(),
            RedisError::Protocol { .. } | RedisError::Unexpected { .. } => ErrorOrigin::Data,
            _ => ErrorOrigin::Environment,
        }
    }
}

impl Classified for BeaconError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        ErrorOrigin::Environment
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
