//! Files.

use std::path::Path;

use hdf5_metno_sys::h5f::{self, H5F_scope_t};
use hdf5_metno_sys::h5i::hid_t;
use hdf5_metno_sys::{h5g, h5p};

use super::error::{Error, Major, Minor, Result};
use super::file_lock::FileLock;
use super::group::Group;
use super::library::{Handle, c_path, call};
use super::properties;

/// An open file. Dropping it closes it and everything open in it.
#[derive(Debug)]
pub struct File {
    // Dropped in this order: the lock goes when the library has written what it held on to.
    handle: Handle,
    lock: Option<FileLock>,
}

impl File {
    /// Makes a file that must not exist, and opens it for writing with a lock.
    pub fn create(path: &Path) -> Result<File> {
        File::create_with(path, h5f::H5F_ACC_EXCL)
    }

    /// Makes a file in place of what is there, and opens it for writing with a lock.
    pub fn replace(path: &Path) -> Result<File> {
        File::create_with(path, h5f::H5F_ACC_TRUNC)
    }

    /// Opens an existing file for writing with a lock.
    pub fn open(path: &Path) -> Result<File> {
        File::open_with(path, h5f::H5F_ACC_RDWR, properties::write_access()?)?.locked()
    }

    /// Opens an existing file for reading, without a lock: also while another process writes it.
    /// If this process writes it, what was not flushed yet is seen too.
    pub fn open_read(path: &Path) -> Result<File> {
        let opened = File::open_with(path, h5f::H5F_ACC_RDONLY, properties::read_access()?);
        match opened {
            // Open in this process already, and all who share a file must agree about locks.
            Err(error) if disagrees_about_locks(&error) => {
                File::open_with(path, h5f::H5F_ACC_RDONLY, properties::write_access()?)
            }
            opened => opened,
        }
    }

    /// The root group.
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

    /// Hands everything that the library holds on to the operating system: from now on it
    /// survives the end of this process.
    pub fn flush(&self) -> Result<()> {
        call!(h5f::H5Fflush(
            self.handle.id(),
            H5F_scope_t::H5F_SCOPE_LOCAL
        ))
        .map(drop)
    }

    /// Closes the file and everything open in it, telling whether all was written.
    pub fn close(mut self) -> Result<()> {
        self.leave_shared_lock();
        self.handle.close()
    }

    fn create_with(path: &Path, flags: u32) -> Result<File> {
        let (path, creation) = (c_path(path)?, properties::file_creation()?);
        let access = properties::write_access()?;
        let id = call!(h5f::H5Fcreate(
            path.as_ptr(),
            flags,
            creation.id(),
            access.id()
        ))?;
        File::new(id).locked()
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

    /// Only for a file that was opened with `write_access`.
    fn locked(mut self) -> Result<File> {
        self.lock = Some(FileLock::of(&self.handle)?);
        Ok(self)
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

/// Whether a file could not be opened because those who have it open use locks. HDF5 has no number of
/// its own for that: a file cannot be initialised, and there is no other cause.
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
