//! A thread of another process that does not run until it is released.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

/// A thread of a program that was started by this process. It stands still as long as this lives, while the other threads
/// of its process run.
#[derive(Debug)]
pub struct HeldThread {
    release: Option<Sender<()>>,
    holder: Option<JoinHandle<()>>,
}

impl HeldThread {
    /// Stops the thread of this number.
    pub fn hold(thread: u32) -> HeldThread {
        let (release, released) = channel();
        let (held, is_held) = channel();
        // All requests about a thread have to come from the same one.
        let holder = thread::spawn(move || {
            let thread = thread.try_into().unwrap();
            trace(libc::PTRACE_SEIZE, thread).unwrap();
            trace(libc::PTRACE_INTERRUPT, thread).unwrap();
            // SAFETY: no status is asked for.
            let stopped = unsafe { libc::waitpid(thread, std::ptr::null_mut(), libc::__WALL) };
            assert_eq!(stopped, thread, "{}", io::Error::last_os_error());
            held.send(()).unwrap();
            // The end of the test releases it as well.
            released.recv().ok();
            // It may have been killed.
            trace(libc::PTRACE_DETACH, thread).ok();
        });
        is_held.recv().unwrap();
        HeldThread {
            release: Some(release),
            holder: Some(holder),
        }
    }
}

impl Drop for HeldThread {
    fn drop(&mut self) {
        drop(self.release.take());
        let holder = self.holder.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(holder, Some(Ok(()))));
    }
}

fn trace(request: libc::c_uint, thread: libc::pid_t) -> io::Result<()> {
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests neither read nor write memory of this process, and the kernel checks the number.
    match unsafe { libc::ptrace(request, thread, nothing, nothing) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
