//! The directory of a file, whose names have to reach the disk.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The directory of a file.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    file: File,
}

impl Directory {
    /// Opens the directory of a file.
    pub fn of(path: &Path) -> Result<Directory> {
        let path = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let path = path.to_owned();
        match File::open(&path) {
            Ok(file) => Ok(Directory { path, file }),
            Err(source) => Err(Error::io(path, "open", source)),
        }
    }

    /// Makes sure that the names in it are on the disk.
    pub fn synchronise(&self) -> Result<()> {
        let synchronised = self.file.sync_all();
        synchronised.map_err(|source| Error::io(self.path.clone(), "synchronise", source))
    }
}
