//! Writes into a spool from an event loop, which must not wait for the disk.

use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinError;

use super::scan_spool::{ScanSpool, SpoolError};
use super::spool_writer::SpoolWriter;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The spool cannot be written.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The thread that writes has panicked.
    #[error("the thread that writes the spool has ended")]
    Thread(#[from] JoinError),
}

/// Writes into a spool in threads that may wait for the disk.
#[derive(Debug)]
pub struct BackgroundWriter {
    spool: Arc<ScanSpool>,
    about: Value,
    /// `None` before something is written, and while it is used elsewhere.
    writer: Option<SpoolWriter>,
}

impl BackgroundWriter {
    /// Creates a writer that makes the spool when something is written. `about` says which scan it is: a JSON object.
    pub fn new(spool: &Arc<ScanSpool>, about: Value) -> BackgroundWriter {
        BackgroundWriter {
            spool: spool.clone(),
            about,
            writer: None,
        }
    }

    /// Returns `true` if the spool is open to be written.
    pub fn is_open(&self) -> bool {
        self.writer.is_some()
    }

    /// Uses the writer in a thread.
    ///
    /// # Errors
    /// If the spool cannot be opened, if `work` fails, or if somebody has removed the spool. It is opened anew then.
    pub async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut SpoolWriter) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (spool, writer) = (self.spool.clone(), self.writer.take());
        let about = self.about.to_string();
        let written = tokio::task::spawn_blocking(move || {
            spool.forget_if_removed()?;
            let mut writer = match writer {
                Some(writer) => writer,
                None => SpoolWriter::open(&spool, about.as_bytes())?,
            };
            let result = work(&mut writer);
            Ok::<_, SpoolError>((writer, result))
        });
        let (writer, result) = written.await??;
        self.writer = Some(writer);
        Ok(result?)
    }
}
