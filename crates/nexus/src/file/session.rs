//! A session: the use of one file by one scan.

use std::path::Path;
use std::rc::Rc;

use observation::Observation;

use super::interference::FileInterference;
use super::open_file::OpenFile;
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
        self.open.is_locked()
    }

    /// Returns `true` if a flush shows all that was written, or nothing. Otherwise, readers see what was written between
    /// two flushes in any order.
    pub fn has_journal(&self) -> bool {
        self.open.has_journal()
    }

    /// Returns `true` if readers may know a dataset, because a flush has had it.
    pub(crate) fn is_known(&self, dataset: &h5::Dataset) -> h5::Result<bool> {
        self.open.is_known(dataset)
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
        self.open.mark_dirty();
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
        self.open.observation()
    }

    /// Passes all written data to the operating system. Other processes then see the data, and they
    /// survive the end of this process. Does nothing if nothing was written since the last flush.
    ///
    /// Where [`Durability`](super::Durability) asks for the disk, this only begins: see
    /// [`committed`](FileSession::committed). As long as a flush before is not written, nothing is done. What was
    /// written is part of the next flush.
    ///
    /// Returns `true` if the file was flushed. After an error the next call tries again.
    ///
    /// # Errors
    /// If this flush or the one before has failed.
    pub fn flush_if_dirty(&self) -> Result<bool> {
        self.open.flush_if_dirty()
    }

    /// Waits until no flush of the file is being written.
    pub async fn committed(&self) {
        self.open.committed().await;
    }

    /// Returns `true` if the last flush is written, so that other processes see what it has.
    pub fn is_committed(&self) -> bool {
        self.open.is_committed()
    }

    /// Waits until what was written up to now is as durable as it has to be before a scan counts as finished.
    /// Flushes the file.
    ///
    /// # Errors
    /// If that has failed. It can be tried again.
    pub async fn settle(&self) -> Result<()> {
        OpenFile::settle(&self.open).await
    }

    /// [Settles](FileSession::settle) the file and releases it. Closes it if no other session has it open. What waits
    /// for the disk is done by other threads.
    ///
    /// # Errors
    /// If the remaining data cannot be written.
    pub async fn finish(self) -> Result<()> {
        let settled = self.settle().await;
        let closed = match Rc::into_inner(self.open) {
            Some(open) => open.finish().await,
            None => Ok(()),
        };
        settled.and(closed)
    }

    /// Keeps the file open, although no session needs it at present.
    pub fn keep(&self) -> KeptFile {
        self.open.keep();
        KeptFile {
            open: self.open.clone(),
        }
    }

    /// Releases the file, and closes it if no other session has it open, in this thread. Dropping a session does the
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

/// A file that is kept open for the next session.
#[derive(Debug)]
pub struct KeptFile {
    open: Rc<OpenFile>,
}

impl KeptFile {
    /// Returns the resolved absolute path of the file.
    pub fn path(&self) -> &Path {
        self.open.path()
    }

    /// Returns what other programs have done to the file: see [`FileSession::interference`].
    pub fn interference(&self) -> Option<FileInterference> {
        self.open.interference()
    }
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        self.open.keep_no_longer();
    }
}
