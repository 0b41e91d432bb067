//! Files.

use std::ffi::{c_int, c_void};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::ptr;

use hdf5_metno_sys::h5f::{self, H5F_scope_t};
use hdf5_metno_sys::{h5g, h5p};
use rustix::io::{FdFlags, fcntl_setfd};

use super::error::Result;
use super::group::Group;
use super::handle::Handle;
use super::library::call;
use super::names::c_path;
use super::properties;

/// An open file. Dropping it closes it and everything open in it.
#[derive(Debug)]
pub struct File {
    handle: Handle,
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
        let file = File::open_with(path, h5f::H5F_ACC_RDWR, properties::write_access()?)?;
        file.keep_from_children()?;
        Ok(file)
    }

    /// Opens an existing file for reading, without a lock: also while another process writes it.
    /// If this process writes it, what was not flushed yet is seen too.
    pub fn open_read(path: &Path) -> Result<File> {
        let opened = File::open_with(path, h5f::H5F_ACC_RDONLY, properties::read_access()?);
        match opened {
            // Open in this process already, and all who share a file must agree about locks.
            Err(error) if error.has_message("file locking flag values don't match") => {
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
    pub fn close(self) -> Result<()> {
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
        let file = File {
            handle: Handle::new(id),
        };
        file.keep_from_children()?;
        Ok(file)
    }

    /// The library opens files so that programs which this process starts have them open too, and
    /// with them their locks, for as long as they run. Only for plain files with `write_access`.
    fn keep_from_children(&self) -> Result<()> {
        let mut place: *mut c_void = ptr::null_mut();
        call!(h5f::H5Fget_vfd_handle(
            self.handle.id(),
            h5p::H5P_DEFAULT,
            &mut place
        ))?;
        // SAFETY: the driver of `write_access` (sec2) gives the place of its descriptor, an int, which
        // stays and is open as long as the file is, and `self` keeps it open.
        let descriptor = unsafe { BorrowedFd::borrow_raw(*place.cast::<c_int>()) };
        if let Err(error) = fcntl_setfd(descriptor, FdFlags::CLOEXEC) {
            tracing::debug!(%error, "a file stays open in programs that are started");
        }
        Ok(())
    }

    fn open_with(path: &Path, flags: u32, access: Handle) -> Result<File> {
        let path = c_path(path)?;
        let id = call!(h5f::H5Fopen(path.as_ptr(), flags, access.id()))?;
        Ok(File {
            handle: Handle::new(id),
        })
    }
}
