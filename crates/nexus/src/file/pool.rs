//! The open files of one thread.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use observation::{Hdf5Stage, Observation};

use super::closing::ClosingFiles;
use super::durability::Durability;
use super::interference::FileInterference;
use super::locking::{FileLocking, LocklessFileSystems};
use super::network::NetworkFileSystems;
use super::open;
use super::open_file::OpenFile;
use super::session::FileSession;
use crate::error::{Error, Result};
use crate::h5::FileDriver;

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileSettings {
    /// Whether they are locked.
    pub locking: FileLocking,
    /// What writes them.
    pub driver: FileDriver,
    /// What survives a power failure, of files with a journal.
    pub durability: Durability,
}

/// The open files of one thread, by their resolved absolute path. Clones refer to the same pool.
#[derive(Debug, Clone, Default)]
pub struct FilePool {
    // The references are weak, so that a file is closed with its last session.
    files: Rc<RefCell<BTreeMap<PathBuf, Weak<OpenFile>>>>,
    settings: Rc<Cell<FileSettings>>,
    lockless: Rc<LocklessFileSystems>,
    network: Rc<NetworkFileSystems>,
    closing: ClosingFiles,
    observation: Arc<Observation>,
}

impl FilePool {
    /// Returns a pool without files. The durations of HDF5 operations are reported to `observation`.
    pub fn new(observation: Arc<Observation>) -> FilePool {
        FilePool {
            observation,
            ..FilePool::default()
        }
    }

    /// Sets how files are written that are opened from now on.
    pub fn set(&self, settings: FileSettings) {
        self.settings.set(settings);
    }

    /// Returns whether files are locked.
    pub fn locking(&self) -> FileLocking {
        self.settings.get().locking
    }

    /// Opens a file for writing, and creates it if it is missing. If other sessions have it open already,
    /// the new session shares it with them.
    ///
    /// A relative path is relative to the working directory, and links are followed.
    ///
    /// # Errors
    /// If the directory is missing, if permission or space is lacking, if another process has locked the
    /// file, if it must be locked and its file system has no locks, and if the file is damaged or not an
    /// HDF5 file.
    pub fn open(&self, path: &Path) -> Result<FileSession> {
        self.open_with(path, self.locking())
    }

    /// Opens a file as [`open`](FilePool::open) does, with another choice of locking for a file that is not
    /// open yet.
    ///
    /// # Errors
    /// As for [`open`](FilePool::open).
    pub fn open_with(&self, path: &Path, locking: FileLocking) -> Result<FileSession> {
        let path = open::resolve(path)?;
        self.forget_closed();
        let open = self.files.borrow().get(&path).and_then(Weak::upgrade);
        if let Some(open) = open {
            match open.interference() {
                // The library would open the file that must not be written once more.
                _ if open.is_abandoned() => return Err(Error::StillOpen { file: path }),
                Some(FileInterference::Truncated) => return Err(Error::StillOpen { file: path }),
                None => return Ok(FileSession::new(open)),
                // Nobody finds what is written into a file that has lost its name.
                Some(FileInterference::Missing | FileInterference::Replaced) => {
                    open.leave_name()?;
                }
            }
        }
        if self.closing.find(&path).is_some() {
            return Err(Error::Closing { file: path });
        }
        let settings = self.settings.get();
        let stopwatch = self.observation.stopwatch();
        let opened = open::append(
            &path,
            FileSettings {
                locking,
                ..settings
            },
        )?;
        self.observation.hdf5.finished(Hdf5Stage::Open, stopwatch);
        if let Some(reason) = &opened.no_locks {
            self.lockless.warn(&path, reason);
        }
        self.network.tell(&path);
        let open = OpenFile::new(
            path.clone(),
            opened.file,
            settings.durability,
            self.closing.clone(),
            self.observation.clone(),
        );
        let open = Rc::new(open);
        self.files.borrow_mut().insert(path, Rc::downgrade(&open));
        Ok(FileSession::new(open))
    }

    /// Waits until a file can be opened that another thread closes for this one.
    pub async fn closed(&self, path: &Path) {
        // A path that cannot be resolved is reported when it is opened.
        while let Some(closing) = open::resolve(path)
            .ok()
            .and_then(|path| self.closing.find(&path))
        {
            closing.wait().await;
        }
    }

    /// Flushes each file that was written since its last flush. If one fails, the others are flushed
    /// nevertheless. Returns the errors.
    pub fn commit(&self) -> Vec<Error> {
        let flushed = self
            .open_files()
            .into_iter()
            .map(|file| file.flush_if_dirty());
        flushed.filter_map(Result::err).collect()
    }

    /// Returns the paths of the files that are open.
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
