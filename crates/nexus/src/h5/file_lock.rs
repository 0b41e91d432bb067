//! The lock of a file that is open for writing.

use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr;

use hdf5_metno_sys::{h5f, h5p};
use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};

use super::error::Result;
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
    is_held: bool,
}

impl FileLock {
    /// Returns the lock of a file that was opened with `write_access`. Programs that this process starts from
    /// now on do not have the file open.
    pub(super) fn of(file: &Handle, with_lock: bool) -> Result<FileLock> {
        let mut pointer: *mut c_void = ptr::null_mut();
        call!(h5f::H5Fget_vfd_handle(
            file.id(),
            h5p::H5P_DEFAULT,
            &mut pointer
        ))?;
        // SAFETY: the driver of `write_access` (sec2) returns the address of its descriptor, an int, which
        // stays and is open as long as the file is, and `file` keeps it open.
        let descriptor = unsafe { BorrowedFd::borrow_raw(*pointer.cast::<c_int>()) };
        if let Err(error) = fcntl_setfd(descriptor, FdFlags::CLOEXEC) {
            tracing::debug!(%error, "programs started by this process have a file open");
        }
        let second = descriptor.try_clone_to_owned();
        if let Err(error) = &second {
            tracing::debug!(%error, "programs that are being started may hold the lock of a file");
        }
        // The library does not report whether it has a lock, because its environment may overrule what it was
        // asked for. Locking again what is locked does nothing.
        let is_held =
            with_lock && flock(descriptor, FlockOperation::NonBlockingLockExclusive).is_ok();
        Ok(FileLock {
            descriptor: second.ok(),
            is_held,
        })
    }

    /// Returns `true` if no other process can have a lock of the file.
    pub(super) fn is_held(&self) -> bool {
        self.is_held
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
