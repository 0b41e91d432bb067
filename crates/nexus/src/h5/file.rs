//! Creates, opens, flushes and closes files.

use std::io;
use std::path::Path;

use hdf5_metno_sys::h5f::{self, H5F_scope_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5g, h5p};
use rustix::fs::Stat;

use super::error::{Error, Major, Minor, Result};
use super::file_lock::{self, FileLock};
use super::group::Group;
use super::library::{Handle, c_path, call};
use super::properties;

/// An open file. Dropping it closes it and all open objects in it.
#[derive(Debug)]
pub struct File {
    // The fields are dropped in this order, so that the lock is released after the library has written all
    // data.
    handle: Handle,
    lock: Option<FileLock>,
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
        File::open_to_write(path, WriteAccess::Create, true)
    }

    /// Creates a file in place of an existing one, and opens it for writing with a lock.
    pub fn replace(path: &Path) -> Result<File> {
        File::open_to_write(path, WriteAccess::Replace, true)
    }

    /// Opens an existing file for writing with a lock.
    pub fn open(path: &Path) -> Result<File> {
        File::open_to_write(path, WriteAccess::Existing, true)
    }

    /// Opens a file for writing. Without `with_lock` other processes may open it at the same time.
    pub fn open_to_write(path: &Path, access: WriteAccess, with_lock: bool) -> Result<File> {
        let path = c_path(path)?;
        let list = properties::write_access(with_lock)?;
        let create = |flags: u32| {
            let creation = properties::file_creation()?;
            call!(h5f::H5Fcreate(
                path.as_ptr(),
                flags,
                creation.id(),
                list.id()
            ))
        };
        let id = match access {
            WriteAccess::Create => create(h5f::H5F_ACC_EXCL)?,
            WriteAccess::Replace => create(h5f::H5F_ACC_TRUNC)?,
            WriteAccess::Existing => {
                let open = |list: &Handle| {
                    call!(h5f::H5Fopen(path.as_ptr(), h5f::H5F_ACC_RDWR, list.id()))
                };
                match open(&list) {
                    // All handles of a file in one process must use the same setting for locks. Whether the
                    // file is locked is asked below.
                    Err(error) if disagrees_about_locks(&error) => {
                        open(&properties::write_access(!with_lock)?)?
                    }
                    opened => opened?,
                }
            }
        };
        let mut file = File::new(id);
        file_lock::close_in_programs(&file.handle)?;
        if with_lock {
            file.lock = Some(FileLock::of(&file.handle)?);
        }
        Ok(file)
    }

    /// Returns `true` if the file is open for writing and a lock of the operating system protects it.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// Opens an existing file for reading, without a lock, so that another process may have it open for
    /// writing. If this process has it open for writing, data that are not flushed yet are visible too.
    ///
    /// # Errors
    /// If there is no such file, if it is no regular file, or if the library cannot open it.
    pub fn open_read(path: &Path) -> Result<File> {
        // What cannot be asked is left to the library, whose error says more.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(Error::NotRegular);
        }
        let opened = File::open_with(path, h5f::H5F_ACC_RDONLY, properties::read_access()?);
        match opened {
            // This process has the file open already, with a lock. All handles of a file in one process
            // must use the same setting for locks.
            Err(error) if disagrees_about_locks(&error) => {
                File::open_with(path, h5f::H5F_ACC_RDONLY, properties::write_access(true)?)
            }
            opened => opened,
        }
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

    /// Passes all data in the memory of the library to the operating system. They then survive the end of
    /// this process.
    pub fn flush(&self) -> Result<()> {
        call!(h5f::H5Fflush(
            self.handle.id(),
            H5F_scope_t::H5F_SCOPE_LOCAL
        ))
        .map(drop)
    }

    /// Closes the file and all open objects in it. Returns an error if not all data were written.
    pub fn close(mut self) -> Result<()> {
        self.leave_shared_lock();
        self.handle.close()
    }

    fn open_with(path: &Path, flags: u32, access: Handle) -> Result<File> {
        let path = c_path(path)?;
        let id = call!(h5f::H5Fopen(path.as_ptr(), flags, access.id()))?;
        Ok(File::new(id))
    }

    fn new(id: hid_t) -> File {
        File {
            handle: Handle::new(id),
            lock: None,
        }
    }

    /// All openings of the same file in this process share the lock.
    fn leave_shared_lock(&mut self) {
        let open = call!(h5f::H5Fget_obj_count(self.handle.id(), h5f::H5F_OBJ_FILE));
        if !matches!(open, Ok(1))
            && let Some(lock) = self.lock.take()
        {
            lock.leave_to_others();
        }
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
        if self.handle.is_valid() {
            self.leave_shared_lock();
        }
    }
}
