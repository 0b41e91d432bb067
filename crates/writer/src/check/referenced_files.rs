//! Other files that a file refers to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nexus::h5::File;

/// Looks for the targets of references in other files, for each target once.
pub struct ReferencedFiles {
    directory: PathBuf,
    known: HashMap<(String, String), Result<(), String>>,
}

impl ReferencedFiles {
    /// Creates a cache for the references of this file.
    pub fn of(file: &Path) -> ReferencedFiles {
        let directory = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        ReferencedFiles {
            directory: directory.parent().map(Path::to_owned).unwrap_or_default(),
            known: HashMap::new(),
        }
    }

    /// Checks that an HDF5 file has an item at a path.
    pub fn find(&mut self, file: &str, path: &str) -> Result<(), String> {
        let key = (file.to_owned(), path.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.open_and_find(file, path);
        self.known.insert(key, found.clone());
        found
    }

    fn open_and_find(&self, file: &str, path: &str) -> Result<(), String> {
        let name = self.directory.join(file);
        if !name.exists() {
            return Err(format!("there is no file {}", name.display()));
        }
        let cannot = |error| format!("{} cannot be read: {error}", name.display());
        let open = File::open_read(&name).map_err(cannot)?;
        let found = open.root().and_then(|root| root.resolves(path));
        match found.map_err(cannot)? {
            true => Ok(()),
            false => Err(format!("{} has no {path}", name.display())),
        }
    }

    /// Checks that a raw file is large enough to have these bytes.
    pub fn raw(&self, file: &str, offset: u64, size: Option<u64>) -> Result<(), String> {
        let name = self.directory.join(file);
        let shown = name.display();
        let length = std::fs::metadata(&name)
            .map_err(|error| format!("{shown}: {error}"))?
            .len();
        match offset.checked_add(size.unwrap_or(0)) {
            Some(end) if end <= length => Ok(()),
            _ => Err(format!("{shown} has {length} bytes only")),
        }
    }
}
