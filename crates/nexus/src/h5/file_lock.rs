//! The lock of a file that is open for writing.

use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr;

use hdf5_metno_sys::{h5f, h5p};
use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};

use super::error::Result;
use super::library::{Handle, call};

/// Ends the lock of a file when dropped, which has to be after the file was closed.
///
/// The library leaves that to the closing of its descriptor. But a program that another thread is
/// just starting has a copy of it, and with it the lock: until it runs, or until it ends if it
/// was started before the descriptor was kept from it.
#[derive(Debug)]
pub(super) struct FileLock(Option<OwnedFd>);

impl FileLock {
    /// Of a file that was opened with `write_access`. From now on programs that are started do not
    /// have it open.
    pub(super) fn of(file: &Handle) -> Result<FileLock> {
        let mut place: *mut c_void = ptr::null_mut();
        call!(h5f::H5Fget_vfd_handle(
            file.id(),
            h5p::H5P_DEFAULT,
            &mut place
        ))?;
        // SAFETY: the driver of `write_access` (sec2) returns the address of its descriptor, an int, which
        // stays and is open as long as the file is, and `file` keeps it open.
        let descriptor = unsafe { BorrowedFd::borrow_raw(*place.cast::<c_int>()) };
        if let Err(error) = fcntl_setfd(descriptor, FdFlags::CLOEXEC) {
            tracing::debug!(%error, "a file stays open in programs that are started");
        }
        let second = descriptor.try_clone_to_owned();
        if let Err(error) = &second {
            tracing::debug!(%error, "programs that are being started may keep the lock of a file");
        }
        Ok(FileLock(second.ok()))
    }

    /// Leaves the lock to others in this process.
    pub(super) fn leave_to_others(mut self) {
        self.0 = None;
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let Some(descriptor) = &self.0 else { return };
        if let Err(error) = flock(descriptor.as_fd(), FlockOperation::Unlock) {
            tracing::debug!(%error, "the lock of a closed file goes with the programs that have it");
        }
    }
}
