//! The semaphore file, which shows other programs that scans are being saved.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A file that exists while the service saves scans. It is removed when the service ends, except by SIGKILL.
pub struct Semaphore {
    path: PathBuf,
    created: bool,
}

impl Semaphore {
    /// Creates the directory, and removes a file that a killed service has left.
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
        prepared().map_err(|error| Failure::usage(create_error(&path, &error)))?;
        Ok(Semaphore {
            path,
            created: false,
        })
    }

    /// Creates the file.
    pub fn create(&mut self) -> Result<(), Failure> {
        fs::File::create(&self.path).map_err(|error| create_error(&self.path, &error))?;
        self.created = true;
        Ok(())
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        if !self.created {
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

fn create_error(path: &Path, error: &io::Error) -> String {
    format!(
        "cannot make --start-semaphore-file {}: {error}",
        path.display()
    )
}
