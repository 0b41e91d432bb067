//! Starts the thread that writes files, as a user has chosen.

use std::sync::Arc;

use nexus::file::FileSettings;
use observation::Observation;
use writer::{MemoryBudget, WriterThread};

use crate::exit::Failure;
use crate::inspection;

/// How the files of all scans are written.
pub struct Writing {
    /// What protects the files.
    pub files: FileSettings,
    /// What the data of all scans may take.
    pub memory: MemoryBudget,
}

impl Writing {
    /// Starts the thread. It reports to `observation`.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub async fn start(self, observation: Arc<Observation>) -> Result<WriterThread, Failure> {
        let writer_thread = WriterThread::start_within(self.memory, observation)?;
        writer_thread.inspect_with(inspection::program()).await?;
        writer_thread.set_files(self.files).await?;
        Ok(writer_thread)
    }
}
