//! System calls that fail with a chosen error.

use std::io;
use std::thread;

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW, SECCOMP_RET_DATA,
    SECCOMP_RET_ERRNO, sock_filter, sock_fprog,
};

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
    fn number(self) -> u32 {
        let number = match self {
            SystemCall::Flock => libc::SYS_flock,
            SystemCall::Open => libc::SYS_openat,
            SystemCall::Write => libc::SYS_pwrite64,
            SystemCall::Read => libc::SYS_pread64,
            SystemCall::Synchronise => libc::SYS_fdatasync,
        };
        u32::try_from(number).unwrap()
    }
}

/// Runs a function in a thread in which a system call always fails with this error number. The call also
/// fails in programs that the function starts, and not in other threads.
///
/// The kernel filters the calls (`seccomp`), so it makes no difference which library or language makes them.
pub fn failing<T: Send>(call: SystemCall, errno: i32, work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            filter(call, errno).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

/// Makes the call fail in this thread until the thread ends.
fn filter(call: SystemCall, errno: i32) -> io::Result<()> {
    let operation = |code: u32, jump_if_not: u8, k: u32| sock_filter {
        code: code as u16,
        jt: 0,
        jf: jump_if_not,
        k,
    };
    let failure = SECCOMP_RET_ERRNO | (errno as u32 & SECCOMP_RET_DATA);
    let mut program = [
        // The filter reads the number of the call, which is at offset 0.
        operation(BPF_LD | BPF_W | BPF_ABS, 0, 0),
        operation(BPF_JMP | BPF_JEQ | BPF_K, 1, call.number()),
        operation(BPF_RET | BPF_K, 0, failure),
        operation(BPF_RET | BPF_K, 0, SECCOMP_RET_ALLOW),
    ];
    let program = sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the kernel copies the program, whose length is right, before the call returns. Calls that fail
    // from now on return an error number, which callers of the kernel have to expect.
    let done = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            ) == 0
    };
    if done {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
