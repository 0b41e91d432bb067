//! Filters of the system calls of a thread, and of the programs that it starts.
//!
//! The kernel filters the calls (`seccomp`), so it makes no difference which library or language makes them.

use std::io;

use libc::{
    BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, SECCOMP_RET_ALLOW, c_long, c_uint,
    c_ulong, sock_filter, sock_fprog,
};

/// What happens to a call: a value of `SECCOMP_RET_...`.
pub(crate) type Action = c_uint;

/// Lets this action happen to these calls of this thread until the thread ends. Returns what the kernel does for these
/// `flags`.
pub(crate) fn filter(calls: &[c_long], action: Action, flags: c_ulong) -> io::Result<c_long> {
    // The filter reads the number of the call, which is at offset 0.
    let mut program = vec![operation(BPF_LD | BPF_W | BPF_ABS, 0, 0)];
    for (index, call) in calls.iter().enumerate() {
        // Over the calls that follow, and the statement that allows all others.
        let jump = calls.len() - index;
        let number = u32::try_from(*call).unwrap();
        program.push(operation(BPF_JMP | BPF_JEQ | BPF_K, jump, number));
    }
    program.push(operation(BPF_RET | BPF_K, 0, SECCOMP_RET_ALLOW));
    program.push(operation(BPF_RET | BPF_K, 0, action));
    let program = sock_fprog {
        len: program.len().try_into().unwrap(),
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the kernel copies the program, whose length is right, before the call returns. Calls that fail
    // from now on return an error number, which callers of the kernel have to expect.
    let done = unsafe {
        match libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) {
            0 => libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags,
                &raw const program,
            ),
            _ => -1,
        }
    };
    match done {
        0.. => Ok(done),
        _ => Err(io::Error::last_os_error()),
    }
}

fn operation(code: u32, jump_if: usize, k: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: jump_if.try_into().unwrap(),
        jf: 0,
        k,
    }
}
