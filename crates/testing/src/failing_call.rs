//! System calls that fail with a chosen error.

use std::thread;

use libc::{SECCOMP_RET_DATA, SECCOMP_RET_ERRNO, c_long};

use crate::seccomp;

/// A system call that can be made to fail.
#[derive(Debug, Clone, Copy)]
pub enum SystemCall {
    /// Locks files.
    Flock,
    /// Opens files.
    Open,
    /// Writes at a position of a file.
    Write,
    /// Reads from a position of a file.
    Read,
    /// Waits until the data of a file are on the disk (`fdatasync`).
    Synchronise,
}

impl SystemCall {
    fn number(self) -> c_long {
        match self {
            SystemCall::Flock => libc::SYS_flock,
            SystemCall::Open => libc::SYS_openat,
            SystemCall::Write => libc::SYS_pwrite64,
            SystemCall::Read => libc::SYS_pread64,
            SystemCall::Synchronise => libc::SYS_fdatasync,
        }
    }
}

/// Runs a function in a thread in which a system call always fails with this error number. The call also
/// fails in programs that the function starts, and not in other threads.
pub fn failing<T: Send>(call: SystemCall, errno: i32, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let failure = SECCOMP_RET_ERRNO | (errno as u32 & SECCOMP_RET_DATA);
            seccomp::filter(&[call.number()], failure, 0).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}
