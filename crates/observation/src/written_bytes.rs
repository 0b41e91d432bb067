//! Where datasets report what is written into them.

use std::sync::Arc;

use crate::Observation;
use crate::figures::session::SessionFigures;

/// Counts the bytes that datasets give to HDF5, after encoding. Clones count at the same places.
#[derive(Debug, Clone, Default)]
pub struct WrittenBytes {
    observation: Arc<Observation>,
    /// The session of the scan, if that is known.
    session: Option<Arc<SessionFigures>>,
}

impl WrittenBytes {
    /// Counts bytes of datasets of scans of a session.
    pub fn new(
        observation: &Arc<Observation>,
        session: Option<&Arc<SessionFigures>>,
    ) -> WrittenBytes {
        WrittenBytes {
            observation: observation.clone(),
            session: session.cloned(),
        }
    }

    /// Returns the observation of the process.
    pub fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// Counts bytes.
    pub fn add(&self, bytes: u64) {
        self.observation.hdf5.bytes_written.add(bytes);
        if let Some(session) = &self.session {
            session.bytes_written.add(bytes);
        }
    }
}
