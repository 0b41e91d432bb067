//! Creates, opens, flushes and closes files.

use std::io;
use std::mem;
use std::path::Path;
use std::time::Duration;

use hdf5_metno_sys::h5f::{self, H5F_close_degree_t, H5F_scope_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5g, h5p};
use journal::{CommitKind, Durability, Journal, PendingCommit};
use rustix::fs::Stat;

use super::dataset::Dataset;
use super::error::{Error, Major, Minor, Result};
use super::file_lock::{self, FileLock};
use super::group::Group;
use super::library::{Handle, c_path, call};
use super::properties;
use super::write_options::{FileDriver, WriteOptions};

/// An open file. Dropping it closes it and all open objects in it.
#[derive(Debug)]
pub struct File {
    // The fields are dropped in this order, so that the lock is released after the library has written all
    // data.
    handle: Handle,
    protection: Protection,
}

/// What protects an open file.
#[derive(Debug)]
enum Protection {
    /// Nothing: the file is read, or the file system has no locks.
    Nothing,
    /// The lock of the library.
    Lock(FileLock),
    /// The journal, which may have a lock.
    Journal {
        journal: Journal,
        options: WriteOptions,
    },
}

/// How a file is opened for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteAccess {
    /// The file must not exist, and is created.
    Create,
    /// An existing file is replaced by an empty one.
    Replace,
    /// The file must exist.
    Existing,
}

impl File {
    /// Creates a file that must not exist, and opens it for writing with a lock.
    pub fn create(path: &Path) -> Result<File> {
        File::open_to_write(path, WriteAccess::Create, WriteOptions::default())
    }

    /// Creates a file in place of an existing one, and opens it for writing with a lock.
    pub fn replace(path: &Path) -> Result<File> {
        File::open_to_write(path, WriteAccess::Replace, WriteOptions::default())
    }

    /// Opens an existing file for writing with a lock.
    pub fn open(path: &Path) -> Result<File> {
        File::open_to_write(path, WriteAccess::Existing, WriteOptions::default())
    }

    /// Opens a file for writing.
    pub fn open_to_write(path: &Path, access: WriteAccess, options: WriteOptions) -> Result<File> {
        match options.driver {
            FileDriver::Safe => File::open_journalled(path, access, options),
            FileDriver::Plain => File::open_plain(path, access, options.lock),
        }
    }

    fn open_journalled(path: &Path, access: WriteAccess, options: WriteOptions) -> Result<File> {
        let journal = Journal::new(journal::Options {
            lock: options.lock,
            durability: match options.is_ordered {
                true => Durability::Ordered,
                false => Durability::Unordered,
            },
            opening_time: match options.is_ordered {
                true => journal::OPENING_TIME,
                // Commits are made by the thread that writes, which must not wait.
                false => Duration::ZERO,
            },
            ..journal::Options::default()
        });
        let list = properties::write_access(options.lock, Some(&journal))?;
        let id = match access {
            WriteAccess::Existing => open_existing(path, &list)?,
            access => create(path, access, &list, Some(&journal))?,
        };
        let mut file = File::new(id);
        file.protection = Protection::Journal { journal, options };
        Ok(file)
    }

    fn open_plain(path: &Path, access: WriteAccess, lock: bool) -> Result<File> {
        let list = properties::write_access(lock, None)?;
        let id = match access {
            WriteAccess::Existing => match open_existing(path, &list) {
                // All handles of a file in one process must use the same setting for locks. Whether the
                // file is locked is asked below.
                Err(error) if disagrees_about_locks(&error) => {
                    open_existing(path, &properties::write_access(!lock, None)?)?
                }
                opened => opened?,
            },
            access => create(path, access, &list, None)?,
        };
        let mut file = File::new(id);
        file_lock::close_in_programs(&file.handle)?;
        if lock {
            file.protection = Protection::Lock(FileLock::of(&file.handle)?);
        }
        Ok(file)
    }

    /// Returns `true` if the file is open for writing and a lock of the operating system protects it.
    pub fn is_locked(&self) -> bool {
        match self.protection {
            Protection::Nothing => false,
            Protection::Lock(_) => true,
            Protection::Journal { options, .. } => options.lock,
        }
    }

    /// Returns `true` if the file is written through a journal: a flush shows all or nothing.
    pub fn has_journal(&self) -> bool {
        matches!(self.protection, Protection::Journal { .. })
    }

    /// Opens an existing file for reading, without a lock, so that another process may have it open for
    /// writing. If this process has it open for writing without a journal, data that are not flushed yet are visible
    /// too.
    ///
    /// # Errors
    /// If there is no such file, if it is no regular file, or if the library cannot open it.
    pub fn open_read(path: &Path) -> Result<File> {
        expect_regular(path)?;
        let list = properties::read_access(H5F_close_degree_t::H5F_CLOSE_STRONG)?;
        let opened = File::open_with(path, h5f::H5F_ACC_RDONLY, list);
        match opened {
            // This process has the file open already, with a lock. All handles of a file in one process
            // must use the same setting for locks.
            Err(error) if disagrees_about_locks(&error) => {
                let list = properties::write_access(true, None)?;
                File::open_with(path, h5f::H5F_ACC_RDONLY, list)
            }
            opened => opened,
        }
    }

    /// Opens an existing file for reading as a virtual dataset does, so that one of this process may refer to it: the
    /// library refuses to open a file in two ways at the same time. It is closed with the last of its objects.
    ///
    /// # Errors
    /// If there is no such file, if it is no regular file, if it is open in another way, or if the library cannot open it.
    pub fn open_source(path: &Path) -> Result<File> {
        expect_regular(path)?;
        let list = properties::read_access(H5F_close_degree_t::H5F_CLOSE_WEAK)?;
        File::open_with(path, h5f::H5F_ACC_RDONLY, list)
    }

    /// Returns what the operating system knows of the open file, which must be open for writing.
    pub(crate) fn status(&self) -> Result<io::Result<Stat>> {
        file_lock::status(&self.handle)
    }

    /// Returns the first bytes of the file, which must be open for writing, as they are in the file.
    pub(crate) fn signature(&self) -> Result<io::Result<[u8; 8]>> {
        file_lock::first_bytes(&self.handle)
    }

    /// Removes everything from the file, which must be open for writing. Must be followed by
    /// [`abandon`](File::abandon).
    pub(crate) fn empty(&self) -> Result<io::Result<()>> {
        file_lock::empty(&self.handle)
    }

    /// Lets another file be opened that has the name of this one, which was deleted, renamed or replaced.
    pub(crate) fn leave_name(&self) -> Result<()> {
        match &self.protection {
            Protection::Journal { journal, .. } => Ok(journal.leave_name()?),
            Protection::Lock(_) | Protection::Nothing => Ok(()),
        }
    }

    /// Lets nothing more reach the file, which must be open for writing. The library has no function that closes
    /// a file without writing what it has in memory.
    pub(crate) fn abandon(&self) -> Result<io::Result<()>> {
        file_lock::redirect(&self.handle)
    }

    /// Returns the root group.
    pub fn root(&self) -> Result<Group> {
        let id = call!(h5g::H5Gopen2(
            self.handle.id(),
            c"/".as_ptr(),
            h5p::H5P_DEFAULT
        ))?;
        Ok(Group {
            handle: Handle::new(id),
        })
    }

    /// Makes all data visible to other processes. They then survive the end of this process.
    ///
    /// # Errors
    /// With a journal, the file remains as it was at the flush before, and nothing is lost: the next flush includes
    /// these data.
    pub fn flush(&self) -> Result<()> {
        self.flush_library()?;
        if let Protection::Journal { journal, .. } = &self.protection {
            journal.commit(CommitKind::Visible)?;
        }
        Ok(())
    }

    /// Returns `true` if commits wait for the disk, so that they should be [begun](File::begin_commit) here and written
    /// in another thread.
    pub fn is_ordered(&self) -> bool {
        matches!(self.protection, Protection::Journal { options, .. } if options.is_ordered)
    }

    /// Begins what [`flush`](File::flush) does. Another thread can write the commit while this one changes the file
    /// further. Waits if a commit is not written yet. Returns `None` if nothing has changed, or if the file has no
    /// journal: its data are flushed then.
    ///
    /// # Errors
    /// As for [`flush`](File::flush).
    pub fn begin_commit(&self, kind: CommitKind) -> Result<Option<PendingCommit>> {
        self.flush_library()?;
        match &self.protection {
            Protection::Journal { journal, .. } => Ok(journal.freeze(kind)?),
            Protection::Lock(_) | Protection::Nothing => Ok(None),
        }
    }

    /// Returns `true` if no reader can know a dataset yet, because no flush has had it.
    pub fn is_unknown(&self, dataset: &Dataset) -> Result<bool> {
        match &self.protection {
            Protection::Journal { journal, .. } => Ok(journal.is_uncommitted(dataset.address()?)?),
            Protection::Lock(_) | Protection::Nothing => Ok(false),
        }
    }

    fn flush_library(&self) -> Result<()> {
        let id = self.handle.id();
        let flush = || call!(h5f::H5Fflush(id, H5F_scope_t::H5F_SCOPE_LOCAL)).map(drop);
        match &self.protection {
            Protection::Journal { journal, .. } => journal.flush(id, flush),
            Protection::Lock(_) | Protection::Nothing => flush(),
        }
    }

    /// Closes the file as [`close`](File::close) does, except for the last commit of its journal, which it returns.
    /// Another thread can make it.
    ///
    /// # Errors
    /// As for [`close`](File::close).
    pub fn close_library(mut self) -> Result<LastCommit> {
        self.end()
    }

    /// Closes the file and all open objects in it.
    ///
    /// # Errors
    /// If not all data were written. With a journal, the file remains as it was at the last flush then.
    pub fn close(mut self) -> Result<()> {
        self.end()?.make()
    }

    fn end(&mut self) -> Result<LastCommit> {
        self.leave_shared_lock();
        let closed = self.handle.close();
        let Protection::Journal { journal, .. } = &self.protection else {
            return closed.map(|()| LastCommit(None));
        };
        if closed.is_err() {
            journal.discard()?;
        }
        closed.map(|()| LastCommit(Some(journal.clone())))
    }

    fn open_with(path: &Path, flags: u32, access: Handle) -> Result<File> {
        let path = c_path(path)?;
        let id = call!(h5f::H5Fopen(path.as_ptr(), flags, access.id()))?;
        Ok(File::new(id))
    }

    fn new(id: hid_t) -> File {
        File {
            handle: Handle::new(id),
            protection: Protection::Nothing,
        }
    }

    /// All openings of the same file in this process share the lock.
    fn leave_shared_lock(&mut self) {
        let open = call!(h5f::H5Fget_obj_count(self.handle.id(), h5f::H5F_OBJ_FILE));
        if !matches!(open, Ok(1)) && matches!(self.protection, Protection::Lock(_)) {
            let protection = mem::replace(&mut self.protection, Protection::Nothing);
            if let Protection::Lock(lock) = protection {
                lock.leave_to_others();
            }
        }
    }
}

/// The last commit of a file that the library has closed.
#[derive(Debug)]
#[must_use = "the file lacks what was written last"]
pub struct LastCommit(Option<Journal>);

impl LastCommit {
    /// Makes the commit and removes the journal.
    ///
    /// # Errors
    /// The file remains as it was at the commit before.
    pub fn make(self) -> Result<()> {
        self.0.map_or(Ok(()), |journal| Ok(journal.finish()?))
    }
}

fn open_existing(path: &Path, list: &Handle) -> Result<hid_t> {
    let path = c_path(path)?;
    call!(h5f::H5Fopen(path.as_ptr(), h5f::H5F_ACC_RDWR, list.id()))
}

fn create(
    path: &Path,
    access: WriteAccess,
    list: &Handle,
    journal: Option<&Journal>,
) -> Result<hid_t> {
    let path = c_path(path)?;
    let flags = match access {
        WriteAccess::Replace => h5f::H5F_ACC_TRUNC,
        WriteAccess::Create | WriteAccess::Existing => h5f::H5F_ACC_EXCL,
    };
    let creation = properties::file_creation(journal)?;
    if journal.is_some() {
        properties::use_new_header(list)?;
    }
    let id = call!(h5f::H5Fcreate(
        path.as_ptr(),
        flags,
        creation.id(),
        list.id()
    ))?;
    if journal.is_some()
        && let Err(error) = properties::use_formats(id)
    {
        drop(Handle::new(id));
        return Err(error);
    }
    Ok(id)
}

/// What cannot be asked is left to the library, whose error says more.
fn expect_regular(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(Error::NotRegular),
        _ => Ok(()),
    }
}

/// Returns `true` if a file could not be opened because another handle in this process uses locks. HDF5
/// has no specific number for that error: it reports that a file cannot be initialised, without a cause.
fn disagrees_about_locks(error: &Error) -> bool {
    let cause = error.entries().last();
    cause.is_some_and(|cause| (cause.major, cause.minor) == (Major::File, Minor::CannotInitialise))
}

impl Drop for File {
    fn drop(&mut self) {
        if self.handle.is_valid()
            && let Err(error) = self.end().and_then(LastCommit::make)
        {
            tracing::warn!(%error, "an HDF5 file could not be closed");
        }
    }
}
