//! Other files that a file refers to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nexus::h5::{self, File, Group, ObjectKind};

/// An item that a reference leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundItem {
    /// A dataset, with its type and extent.
    Dataset {
        /// The name of the type of one element.
        type_name: String,
        /// The extent, which is empty for a scalar.
        shape: Vec<u64>,
    },
    /// Something in a third file, which is not opened.
    Elsewhere,
    /// Anything else.
    Other,
}

impl FoundItem {
    /// Returns the item of a file at a path, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn at(root: &Group, path: &str) -> h5::Result<Option<FoundItem>> {
        if !root.resolves(path)? {
            return Ok(None);
        }
        match root.kind(path)? {
            Some(ObjectKind::Dataset) => {}
            Some(ObjectKind::External) => return Ok(Some(FoundItem::Elsewhere)),
            _ => return Ok(Some(FoundItem::Other)),
        }
        let info = root.open_dataset(path)?.info()?;
        Ok(Some(FoundItem::Dataset {
            type_name: info.type_name,
            shape: info.shape.unwrap_or_default(),
        }))
    }
}

/// Looks for the targets of references in other files, for each target once.
pub struct ReferencedFiles {
    file: PathBuf,
    directory: PathBuf,
    known: HashMap<(String, String), Result<FoundItem, String>>,
}

impl ReferencedFiles {
    /// Creates a cache for the references of this file.
    pub fn of(file: &Path) -> ReferencedFiles {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        ReferencedFiles {
            directory: file.parent().map(Path::to_owned).unwrap_or_default(),
            file,
            known: HashMap::new(),
        }
    }

    /// Returns `true` if a reference to this file leads to the file that it is in.
    pub fn is_own(&self, file: &str) -> bool {
        file == "." || self.directory.join(file) == self.file
    }

    /// Returns the item that an HDF5 file has at a path, or why there is none.
    pub fn find(&mut self, file: &str, path: &str) -> Result<FoundItem, String> {
        let key = (file.to_owned(), path.to_owned());
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.open_and_find(file, path);
        self.known.insert(key, found.clone());
        found
    }

    fn open_and_find(&self, file: &str, path: &str) -> Result<FoundItem, String> {
        let name = self.directory.join(file);
        if !name.exists() {
            return Err(format!("there is no file {}", name.display()));
        }
        let cannot = |error| format!("{} cannot be read: {error}", name.display());
        let open = File::open_read(&name).map_err(cannot)?;
        let found = open.root().and_then(|root| FoundItem::at(&root, path));
        let found = found.map_err(cannot)?;
        found.ok_or_else(|| format!("{} has no {path}", name.display()))
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
