//! The lock of a file that is open for writing.

use std::ffi::{c_int, c_void};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use hdf5_metno_sys::{h5f, h5p};
use rustix::fs::{FlockOperation, MemfdFlags, Stat, flock, fstat, ftruncate, memfd_create};
use rustix::io::{DupFlags, FdFlags, dup3, fcntl_setfd, pread};

use super::error::{Error, Result};
use super::library::{Handle, call};

/// Releases the lock of a file when it is dropped. It has to be dropped after the file was closed.
///
/// The library relies on the closing of its descriptor to release the lock. But if another thread starts
/// a program at that time, the new process has a copy of the descriptor, and the lock remains until the
/// process executes the program, or until it ends if it was started before the descriptor was marked as
/// close-on-exec.
#[derive(Debug)]
pub(super) struct FileLock {
    descriptor: Option<OwnedFd>,
}

impl FileLock {
    /// Returns the lock of a file that was opened with `write_access` and a lock.
    ///
    /// # Errors
    /// If the operating system has not locked the file.
    pub(super) fn of(file: &Handle) -> Result<FileLock> {
        let descriptor = descriptor(file)?;
        // The lock that the library has taken belongs to the same descriptor, so this is no second lock.
        flock(descriptor, FlockOperation::NonBlockingLockExclusive).map_err(|errno| {
            let errno = errno.raw_os_error();
            Error::Lock { errno }
        })?;
        let second = descriptor.try_clone_to_owned();
        if let Err(error) = &second {
            tracing::debug!(%error, "programs that are being started may hold the lock of a file");
        }
        Ok(FileLock {
            descriptor: second.ok(),
        })
    }

    /// Drops this value without releasing the lock, which other handles in this process still need.
    pub(super) fn leave_to_others(mut self) {
        self.descriptor = None;
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let Some(descriptor) = &self.descriptor else {
            return;
        };
        if let Err(error) = flock(descriptor.as_fd(), FlockOperation::Unlock) {
            tracing::debug!(%error, "cannot release the lock of a closed file");
        }
    }
}

/// Closes a file that was opened with `write_access` in the programs that this process starts from now on.
pub(super) fn close_in_programs(file: &Handle) -> Result<()> {
    if let Err(error) = fcntl_setfd(descriptor(file)?, FdFlags::CLOEXEC) {
        tracing::debug!(%error, "programs started by this process have a file open");
    }
    Ok(())
}

/// Returns what the operating system knows of a file that was opened with `write_access`.
pub(super) fn status(file: &Handle) -> Result<io::Result<Stat>> {
    let descriptor = descriptor(file)?;
    Ok(fstat(descriptor).map_err(io::Error::from))
}

/// Returns the first bytes of a file that was opened with `write_access`; zeros if it is shorter.
pub(super) fn first_bytes(file: &Handle) -> Result<io::Result<[u8; 8]>> {
    let descriptor = descriptor(file)?;
    let mut bytes = [0; 8];
    let read = pread(descriptor, &mut bytes, 0);
    Ok(read.map(|_| bytes).map_err(io::Error::from))
}

/// Empties a file that was opened with `write_access`.
pub(super) fn empty(file: &Handle) -> Result<io::Result<()>> {
    let descriptor = descriptor(file)?;
    Ok(ftruncate(descriptor, 0).map_err(io::Error::from))
}

/// Lets everything that the library still writes into a file go to a temporary file in memory. Only for a file
/// that was opened with `write_access`.
pub(super) fn redirect(file: &Handle) -> Result<io::Result<()>> {
    let descriptor = descriptor(file)?;
    let redirected = memfd_create(c"abandoned", MemfdFlags::CLOEXEC).and_then(|memory| {
        // SAFETY: the descriptor is open, and stays so: `dup3` replaces what it refers to, and the library
        // remains its owner, because this value is never dropped.
        let mut target = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(descriptor.as_raw_fd()) });
        dup3(&memory, &mut target, DupFlags::CLOEXEC)
    });
    Ok(redirected.map_err(io::Error::from))
}

fn descriptor(file: &Handle) -> Result<BorrowedFd<'_>> {
    let mut pointer: *mut c_void = ptr::null_mut();
    call!(h5f::H5Fget_vfd_handle(
        file.id(),
        h5p::H5P_DEFAULT,
        &mut pointer
    ))?;
    // SAFETY: the driver of `write_access` (sec2) returns the address of its descriptor, an int, which
    // stays and is open as long as the file is, and `file` keeps it open.
    Ok(unsafe { BorrowedFd::borrow_raw(*pointer.cast::<c_int>()) })
}
