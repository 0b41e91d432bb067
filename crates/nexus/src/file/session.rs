//! One scan's hold on one file.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use observation::{Hdf5Stage, Observation};

use super::stamp;
use crate::error::{Error, Result};
use crate::h5;
use crate::tree::Value;

/// One scan's hold on one open file. The file is closed with the last of them.
#[derive(Debug)]
pub struct FileSession {
    open: Rc<OpenFile>,
}

impl FileSession {
    pub(super) fn new(open: Rc<OpenFile>) -> FileSession {
        FileSession { open }
    }

    /// Resolved absolute path of the file.
    pub fn path(&self) -> &Path {
        self.open.path()
    }

    /// The root group, to read and to write. Counts as writing.
    pub fn root(&self) -> Result<h5::Group> {
        self.mark_dirty();
        let root = self.open.with(|file| file.root());
        root.map_err(|reason| Error::item(self.path(), "/", "open", reason))
    }

    /// All elements of a dataset of real numbers, of whatever type, in C order: the axis of a plot.
    ///
    /// It must be one that no stream is filling at the time: HDF5 1.14 does not find its way in
    /// chunks that are stored without the filters of their dataset as long as it is open for that.
    ///
    /// # Errors
    /// If there is no such dataset, or it cannot be read.
    pub fn read_numbers(&self, path: &str) -> Result<Vec<f64>> {
        let read = self.open.with(|file| {
            let dataset = file.root()?.open_dataset(path)?;
            dataset.read_numbers()
        });
        read.map_err(|reason| Error::item(self.path(), path, "read", reason))
    }

    /// Notes that something was written through an object that was opened before, so that the next
    /// flush is not skipped.
    pub fn mark_dirty(&self) {
        self.open.dirty.set(true);
    }

    /// Stamps the root group: once per scan, when its tree has been written.
    pub fn stamp(&self) -> Result<()> {
        let root = self.root()?;
        stamp::stamp(&root).map_err(|reason| Error::item(self.path(), "/", "stamp", reason))
    }

    /// Stamps the root group if it has no class yet: the class NXroot, the name of the file, the time
    /// and the version of HDF5, and what the caller adds. A file that has a class keeps all that it
    /// has, as with `blisswriter` 2.0.0.
    pub fn stamp_nexus(&self, more: &[(String, Value)]) -> Result<()> {
        let root = self.root()?;
        stamp::stamp_nexus(&root, self.path(), more)
            .map_err(|reason| Error::item(self.path(), "/", "stamp", reason))
    }

    /// Where what HDF5 does with the file is reported.
    pub(crate) fn observation(&self) -> &Observation {
        &self.open.observation
    }

    /// Hands everything written so far on to the operating system, where other processes see it and
    /// it survives the end of this one. Does nothing when nothing was written since.
    ///
    /// Returns `true` if there was something to do. After a failure the next call tries again.
    pub fn flush_if_dirty(&self) -> Result<bool> {
        self.open.flush_if_dirty()
    }

    /// Releases the file, and closes it if no other session has it open.
    ///
    /// # Errors
    /// When the rest could not be written. Dropping does the same with a line in the log.
    pub fn close(self) -> Result<()> {
        match Rc::into_inner(self.open) {
            Some(open) => open.close(),
            None => Ok(()),
        }
    }
}

/// An open file, shared by the sessions.
#[derive(Debug)]
pub(super) struct OpenFile {
    path: PathBuf,
    /// Taken out by closing.
    file: RefCell<Option<h5::File>>,
    dirty: Cell<bool>,
    observation: Arc<Observation>,
}

impl OpenFile {
    pub(super) fn new(path: PathBuf, file: h5::File, observation: Arc<Observation>) -> OpenFile {
        observation.hdf5.files_open.add(1.0);
        OpenFile {
            path,
            file: RefCell::new(Some(file)),
            dirty: Cell::new(true),
            observation,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn with<T>(&self, f: impl FnOnce(&h5::File) -> h5::Result<T>) -> h5::Result<T> {
        match &*self.file.borrow() {
            Some(file) => f(file),
            None => Err(h5::Error::Closed),
        }
    }

    pub(super) fn flush_if_dirty(&self) -> Result<bool> {
        if !self.dirty.get() {
            return Ok(false);
        }
        let stopwatch = self.observation.stopwatch();
        let flushed = self.with(h5::File::flush);
        self.observation.hdf5.finished(Hdf5Stage::Flush, stopwatch);
        flushed.map_err(|reason| Error::file(&self.path, "flush", reason))?;
        self.dirty.set(false);
        Ok(true)
    }

    fn close(&self) -> Result<()> {
        if self.file.borrow().is_none() {
            return Ok(());
        }
        // Flushed first: an error of closing says less about what went wrong, and comes only once.
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
