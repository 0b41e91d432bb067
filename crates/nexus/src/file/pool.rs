//! The open files of one thread.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use observation::{Hdf5Stage, Observation};

use super::open;
use super::session::{FileSession, OpenFile};
use crate::error::{Error, Result};

/// The open files of one thread, by their resolved absolute path. Clones are the same pool.
#[derive(Debug, Clone, Default)]
pub struct FilePool {
    // Weak, so that the sessions alone decide how long a file stays open.
    files: Rc<RefCell<BTreeMap<PathBuf, Weak<OpenFile>>>>,
    observation: Arc<Observation>,
}

impl FilePool {
    /// A pool without files, which reports to `observation` what HDF5 does with them.
    pub fn new(observation: Arc<Observation>) -> FilePool {
        FilePool {
            files: Rc::default(),
            observation,
        }
    }

    /// Opens a file for writing, made if it is missing, or joins those who have it open.
    ///
    /// A relative path is taken from the working directory, links are followed.
    ///
    /// # Errors
    /// When the directory is missing, for lack of permission or space, when another process has
    /// locked the file, and when the file is not HDF5.
    pub fn open(&self, path: &Path) -> Result<FileSession> {
        let path = open::resolve(path)?;
        self.forget_closed();
        if let Some(open) = self.files.borrow().get(&path).and_then(Weak::upgrade) {
            return Ok(FileSession::new(open));
        }
        let stopwatch = self.observation.stopwatch();
        let file = open::append(&path)?;
        self.observation.hdf5.finished(Hdf5Stage::Open, stopwatch);
        let open = Rc::new(OpenFile::new(path.clone(), file, self.observation.clone()));
        self.files.borrow_mut().insert(path, Rc::downgrade(&open));
        Ok(FileSession::new(open))
    }

    /// Flushes every file that was written since its last flush. One that fails does not keep the
    /// others from theirs.
    pub fn commit(&self) -> Vec<Error> {
        let flushed = self
            .open_files()
            .into_iter()
            .map(|file| file.flush_if_dirty());
        flushed.filter_map(Result::err).collect()
    }

    /// Paths of the files that are open now.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.open_files()
            .iter()
            .map(|file| file.path().to_owned())
            .collect()
    }

    fn open_files(&self) -> Vec<Rc<OpenFile>> {
        self.files
            .borrow()
            .values()
            .filter_map(Weak::upgrade)
            .collect()
    }

    fn forget_closed(&self) {
        self.files
            .borrow_mut()
            .retain(|_, file| file.strong_count() > 0);
    }
}
