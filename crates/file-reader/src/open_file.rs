//! Files that are open for one request.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use nexus::h5::{self, File};

use crate::failure::Failure;
use crate::reachable::{Access, Reachable};

/// How long after its last change a file counts as being written. Running scans are flushed more often.
const RECENT: Duration = Duration::from_secs(2);

/// A file that is open for reading.
pub struct OpenFile {
    pub path: PathBuf,
    file: File,
}

impl OpenFile {
    /// Returns its root group.
    pub fn root(&self) -> h5::Result<h5::Group> {
        self.file.root()
    }

    /// Returns its name, without the folder.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Opens files, and knows afterwards whether they were being changed meanwhile.
pub struct FileOpener<'r> {
    pub reachable: Reachable<'r>,
    opened: RefCell<Vec<(PathBuf, FileState)>>,
}

impl<'r> FileOpener<'r> {
    /// Creates the opener of one request.
    pub fn new(reachable: Reachable<'r>) -> FileOpener<'r> {
        FileOpener {
            reachable,
            opened: RefCell::default(),
        }
    }

    /// Opens the file of the request.
    pub fn open(&self, path: &Path) -> Result<Rc<OpenFile>, Failure> {
        match self.reachable.access(path) {
            Access::Allowed(canonical) => Ok(self.open_allowed(canonical)?),
            // The words of h5grove.
            Access::Missing => Err(Failure::NotFound("File not found!".to_owned())),
            Access::Refused => Err(Failure::Refused(
                "the file is not there as it was saved: a symbolic link leads to another file, or a folder cannot be read"
                    .to_owned(),
            )),
        }
    }

    /// Opens a file that may be opened.
    ///
    /// It is opened as the library opens the sources of virtual datasets, as it refuses to open a file in two ways.
    pub fn open_allowed(&self, canonical: PathBuf) -> h5::Result<Rc<OpenFile>> {
        let state = FileState::of(&canonical);
        self.opened.borrow_mut().push((canonical.clone(), state));
        let file = File::open_source(&canonical)?;
        Ok(Rc::new(OpenFile {
            path: canonical,
            file,
        }))
    }

    /// Returns `true` if an opened file was changed meanwhile, or so lately that somebody may be writing it.
    pub fn is_in_motion(&self) -> bool {
        let opened = self.opened.borrow();
        opened.iter().any(|(path, before)| {
            let now = FileState::of(path);
            now != *before || now.is_recent()
        })
    }
}

/// When a file was last changed, and its size.
#[derive(PartialEq)]
struct FileState(Option<(SystemTime, u64)>);

impl FileState {
    fn of(file: &Path) -> FileState {
        let found = fs::metadata(file).ok();
        FileState(found.and_then(|found| Some((found.modified().ok()?, found.len()))))
    }

    /// The clock of a file server may be ahead.
    fn is_recent(&self) -> bool {
        let is_young = |(modified, _): (SystemTime, u64)| match modified.elapsed() {
            Ok(age) => age < RECENT,
            Err(_) => true,
        };
        self.0.is_some_and(is_young)
    }
}
