//! A session: the use of one file by one scan.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use observation::{Hdf5Stage, Observation};

use super::interference::{FileInterference, FileWatch};
use super::stamp;
use crate::error::{Error, Result};
use crate::h5;
use crate::tree::Value;

/// The use of one open file by one scan. The file is closed with its last session.
#[derive(Debug)]
pub struct FileSession {
    open: Rc<OpenFile>,
}

impl FileSession {
    pub(super) fn new(open: Rc<OpenFile>) -> FileSession {
        FileSession { open }
    }

    /// Returns the resolved absolute path of the file.
    pub fn path(&self) -> &Path {
        self.open.path()
    }

    /// Returns `true` if a lock of the operating system keeps other processes from writing the file.
    pub fn is_locked(&self) -> bool {
        let file = self.open.file.borrow();
        file.as_ref().is_some_and(h5::File::is_locked)
    }

    /// Returns what other programs have done to the name or the size of the file since it was opened, if they
    /// have done anything. What is written then is lost, or in another file than its readers expect.
    pub fn interference(&self) -> Option<FileInterference> {
        self.open.interference()
    }

    /// Returns `true` if nothing more reaches the file, because a session has [abandoned](FileSession::abandon)
    /// it.
    pub fn is_abandoned(&self) -> bool {
        self.open.is_abandoned()
    }

    /// Lets nothing more reach the file: neither from this session, nor from others that have it open. Used when
    /// another process may be writing it, or has truncated it.
    pub fn abandon(&self) {
        self.open.abandon();
    }

    /// The root group, to read and to write. Counts as writing.
    pub fn root(&self) -> Result<h5::Group> {
        self.mark_dirty();
        let root = self.open.with(|file| file.root());
        root.map_err(|reason| Error::item(self.path(), "/", "open", reason))
    }

    /// Returns all elements of a dataset of real numbers of any type, in C order. They are used as the
    /// axis of a plot.
    ///
    /// No stream may be writing the dataset, because HDF5 1.14 cannot read chunks that were stored without
    /// the filters of their dataset as long as the dataset is open for writing.
    ///
    /// # Errors
    /// If the dataset does not exist or cannot be read.
    pub fn read_numbers(&self, path: &str) -> Result<Vec<f64>> {
        let read = self.open.with(|file| {
            let dataset = file.root()?.open_dataset(path)?;
            dataset.read_numbers()
        });
        read.map_err(|reason| Error::item(self.path(), path, "read", reason))
    }

    /// Records that the file was written through an object that was opened before, so that the next flush
    /// is not skipped.
    pub fn mark_dirty(&self) {
        self.open.dirty.set(true);
    }

    /// Stamps the root group. Call this once per scan, when its tree has been written.
    pub fn stamp(&self) -> Result<()> {
        let root = self.root()?;
        stamp::stamp(&root).map_err(|reason| Error::item(self.path(), "/", "stamp", reason))
    }

    /// Stamps the root group if it has no class yet. The stamp consists of the class NXroot, the name of
    /// the file, the time, the version of HDF5 and the attributes in `more`. If the root has a class, its
    /// attributes are not changed, as in blisswriter 2.0.0.
    pub fn stamp_nexus(&self, more: &[(String, Value)]) -> Result<()> {
        let root = self.root()?;
        stamp::stamp_nexus(&root, self.path(), more)
            .map_err(|reason| Error::item(self.path(), "/", "stamp", reason))
    }

    /// Returns the observation to which the HDF5 operations on the file are reported.
    pub(crate) fn observation(&self) -> &Observation {
        &self.open.observation
    }

    /// Passes all written data to the operating system. Other processes then see the data, and they
    /// survive the end of this process. Does nothing if nothing was written since the last flush.
    ///
    /// Returns `true` if the file was flushed. After an error the next call tries again.
    pub fn flush_if_dirty(&self) -> Result<bool> {
        self.open.flush_if_dirty()
    }

    /// Releases the file, and closes it if no other session has it open. Dropping a session does the
    /// same, but only logs an error.
    ///
    /// # Errors
    /// If the remaining data cannot be written.
    pub fn close(self) -> Result<()> {
        match Rc::into_inner(self.open) {
            Some(open) => open.close(),
            None => Ok(()),
        }
    }
}

/// An open file, which its sessions share.
#[derive(Debug)]
pub(super) struct OpenFile {
    path: PathBuf,
    /// The HDF5 file, or `None` when it has been closed.
    file: RefCell<Option<h5::File>>,
    dirty: Cell<bool>,
    watch: FileWatch,
    is_abandoned: Cell<bool>,
    observation: Arc<Observation>,
}

impl OpenFile {
    pub(super) fn new(path: PathBuf, file: h5::File, observation: Arc<Observation>) -> OpenFile {
        observation.hdf5.files_open.add(1.0);
        OpenFile {
            watch: FileWatch::new(&path, &file),
            path,
            file: RefCell::new(Some(file)),
            dirty: Cell::new(true),
            is_abandoned: Cell::new(false),
            observation,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn interference(&self) -> Option<FileInterference> {
        if self.is_abandoned() {
            return Some(FileInterference::Truncated);
        }
        let file = self.file.borrow();
        file.as_ref()
            .and_then(|file| self.watch.interference(&self.path, file))
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.is_abandoned.get()
    }

    /// Lets another file with this name be opened.
    pub(super) fn leave_name(&self) -> Result<()> {
        self.with(h5::File::leave_name)
            .map_err(|reason| Error::file(&self.path, "give up", reason))
    }

    fn abandon(&self) {
        self.is_abandoned.set(true);
        // Another program has emptied the file. What is in it now was written after that, and is of no use
        // without its beginning.
        if matches!(
            self.with(h5::File::signature),
            Ok(Ok([0, 0, 0, 0, 0, 0, 0, 0]))
        ) {
            let emptied = self.with(h5::File::empty);
            if !matches!(emptied, Ok(Ok(()))) {
                tracing::error!(?emptied, "{} cannot be emptied", self.path.display());
            }
        }
        let abandoned = self.with(h5::File::abandon);
        if !matches!(abandoned, Ok(Ok(()))) {
            let file = self.path.display();
            tracing::error!(?abandoned, "{file} cannot be closed without being written");
        }
    }

    fn with<T>(&self, f: impl FnOnce(&h5::File) -> h5::Result<T>) -> h5::Result<T> {
        match &*self.file.borrow() {
            Some(file) => f(file),
            None => Err(h5::Error::Closed),
        }
    }

    pub(super) fn flush_if_dirty(&self) -> Result<bool> {
        if !self.dirty.get() || self.is_abandoned.get() {
            return Ok(false);
        }
        let stopwatch = self.observation.stopwatch();
        let flushed = self.with(h5::File::flush);
        self.observation.hdf5.finished(Hdf5Stage::Flush, stopwatch);
        flushed.map_err(|reason| Error::file(&self.path, "flush", reason))?;
        self.dirty.set(false);
        if let Some(file) = &*self.file.borrow() {
            self.watch.flushed(file);
        }
        Ok(true)
    }

    fn close(&self) -> Result<()> {
        if self.file.borrow().is_none() {
            return Ok(());
        }
        // The file is flushed first, because the error of a flush is more precise than that of closing.
        let flushed = self.flush_if_dirty();
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let stopwatch = self.observation.stopwatch();
        let closed = file
            .close()
            .map_err(|reason| Error::file(&self.path, "close", reason));
        self.observation.hdf5.finished(Hdf5Stage::Close, stopwatch);
        self.observation.hdf5.files_open.add(-1.0);
        if self.is_abandoned.get() {
            // The library cannot read back what was redirected.
            return Ok(());
        }
        flushed.and(closed)
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "a file was not completely written");
        }
    }
}
