//! The kind and the origin of each failure.

use observation::{Classified, ErrorKind, ErrorOrigin};

use crate::InitialiseError;
use crate::publish::PublishError;
use crate::redis::PrivateRedisError;
use crate::scans::SimulationError;

impl Classified for InitialiseError {
    fn kind(&self) -> ErrorKind {
        match self {
            InitialiseError::Redis(error) => error.kind(),
            _ => ErrorKind::Redis,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            InitialiseError::Redis(error) => error.origin(),
            // Somebody has to name another database or server.
            _ => ErrorOrigin::User,
        }
    }
}

impl Classified for PublishError {
    fn kind(&self) -> ErrorKind {
        match self {
            PublishError::Redis(error) => error.kind(),
            PublishError::Store(error) => error.kind(),
            PublishError::Refused { .. } | PublishError::Stream { .. } => ErrorKind::Redis,
            _ => ErrorKind::Internal,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            PublishError::Redis(error) => error.origin(),
            PublishError::Store(error) => error.origin(),
            PublishError::Refused { source, .. } | PublishError::Stream { source, .. } => {
                source.origin()
            }
            // The publishing program misuses the publisher.
            _ => ErrorOrigin::Internal,
        }
    }
}

impl Classified for SimulationError {
    fn kind(&self) -> ErrorKind {
        match self {
            SimulationError::Blissdata(error) => error.kind(),
            SimulationError::Node(error) => error.kind(),
            SimulationError::Initialise(error) => error.kind(),
            SimulationError::Store(error) => error.kind(),
            SimulationError::Nodes(error) => error.kind(),
            SimulationError::Redis(error) => error.kind(),
            SimulationError::NotNodes { .. } | SimulationError::Key(_) => ErrorKind::Redis,
            SimulationError::Points { .. } => ErrorKind::Internal,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            SimulationError::Blissdata(error) => error.origin(),
            SimulationError::Node(error) => error.origin(),
            SimulationError::Initialise(error) => error.origin(),
            SimulationError::Store(error) => error.origin(),
            SimulationError::Nodes(error) => error.origin(),
            SimulationError::Redis(error) => error.origin(),
            // Somebody has to name another data base, session or file.
            SimulationError::NotNodes { .. } | SimulationError::Key(_) => ErrorOrigin::User,
            SimulationError::Points { .. } => ErrorOrigin::Internal,
        }
    }
}

impl Classified for PrivateRedisError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Redis
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            PrivateRedisError::NoServer { .. } | PrivateRedisError::NoModule { .. } => {
                ErrorOrigin::User
            }
            _ => ErrorOrigin::Environment,
        }
    }
}
