//! The file by which others see that scans are taken.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A file that exists from the moment when scans are taken until the end of the service, however it
/// ends, unless it is killed.
pub struct Semaphore {
    path: PathBuf,
    raised: bool,
}

impl Semaphore {
    /// Makes its directory, and removes a file that is left from a service that was killed.
    pub fn prepare(path: PathBuf) -> Result<Semaphore, Failure> {
        let prepared = || {
            if let Some(directory) = path.parent().filter(|path| !path.as_os_str().is_empty()) {
                fs::create_dir_all(directory)?;
            }
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        prepared().map_err(|error| Failure::usage(problem(&path, &error)))?;
        Ok(Semaphore {
            path,
            raised: false,
        })
    }

    /// Makes the file.
    pub fn raise(&mut self) -> Result<(), Failure> {
        fs::File::create(&self.path).map_err(|error| problem(&self.path, &error))?;
        self.raised = true;
        Ok(())
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        if !self.raised {
            return;
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let path = self.path.display();
                tracing::warn!("cannot remove the semaphore file {path}: {error}");
            }
            _ => {}
        }
    }
}

fn problem(path: &Path, error: &io::Error) -> String {
    format!(
        "cannot make --start-semaphore-file {}: {error}",
        path.display()
    )
}
