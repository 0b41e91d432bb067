//! Converts errors of the data model into errors of a source.

use bliss_node::NodeError;
use bliss_node::key::KeyError;
use observation::Classified as _;

use crate::source::SourceError;

impl From<NodeError> for SourceError {
    fn from(error: NodeError) -> SourceError {
        if error.is_missing() {
            return SourceError::missing(error);
        }
        let (kind, origin) = (error.kind(), error.origin());
        SourceError::new(error, kind, origin)
    }
}

impl From<KeyError> for SourceError {
    fn from(error: KeyError) -> SourceError {
        let (kind, origin) = (error.kind(), error.origin());
        SourceError::new(error, kind, origin)
    }
}
