//! A folder whose disk is full when a test says so.

use std::fs;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use libc::{
    SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND,
    SECCOMP_RET_USER_NOTIF, SECCOMP_USER_NOTIF_FLAG_CONTINUE, c_long, pollfd, seccomp_notif,
    seccomp_notif_resp,
};

use crate::seccomp;

/// The calls that can make a file need more room.
const CALLS: [c_long; 4] = [
    libc::SYS_pwrite64,
    libc::SYS_write,
    libc::SYS_fallocate,
    libc::SYS_ftruncate,
];

/// A folder whose files grow as long as a test lets them. The room is counted in system calls that make a file longer,
/// or reserve room for it. As on most disks, what a file has already can be written again when there is no room.
///
/// No privilege is needed: the kernel asks this process about the calls of the programs that it starts.
#[derive(Debug, Clone)]
pub struct RationedDisk {
    folder: PathBuf,
    ration: Arc<Mutex<Ration>>,
}

#[derive(Debug, Default)]
struct Ration {
    /// Calls that have taken room.
    taken: u64,
    /// How many calls may have taken room before the others fail, and with which error number.
    limit: Option<(u64, i32)>,
    /// Set while calls that need room get no answer.
    is_silent: bool,
    /// Calls that wait for their answer.
    waiting: usize,
}

impl RationedDisk {
    /// Creates a disk of the files in this folder, and in those below it. It has room for everything.
    pub fn new(folder: &Path) -> RationedDisk {
        RationedDisk {
            folder: folder.canonicalize().unwrap(),
            ration: Arc::default(),
        }
    }

    /// Runs a function in a thread for which the folder is this disk, and also for the programs that it starts.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let (sender, listener) = channel();
        let disk = self.clone();
        // It ends when the last program has ended.
        thread::spawn(move || {
            if let Ok(listener) = listener.recv() {
                disk.answer(&listener);
            }
        });
        thread::scope(|scope| {
            let thread = scope.spawn(move || {
                let flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
                let listener = seccomp::filter(&CALLS, SECCOMP_RET_USER_NOTIF, flags).unwrap();
                // SAFETY: the kernel has just opened the descriptor, and nothing else knows it.
                let listener = unsafe { OwnedFd::from_raw_fd(listener.try_into().unwrap()) };
                sender.send(listener).unwrap();
                work()
            });
            thread.join().unwrap()
        })
    }

    /// Lets this number of calls take room, and those after them fail with this error number.
    pub fn limit(&self, calls: u64, errno: i32) {
        let mut ration = self.ration();
        ration.limit = Some((ration.taken + calls, errno));
    }

    /// Gives calls that need room no answer until [`answer_again`](Self::answer_again): the callers hang.
    pub fn be_silent(&self) {
        self.ration().is_silent = true;
    }

    /// Answers all calls again, and those that wait.
    pub fn answer_again(&self) {
        self.ration().is_silent = false;
    }

    /// Returns how many calls wait for an answer.
    pub fn waiting(&self) -> usize {
        self.ration().waiting
    }

    /// Makes room for everything.
    pub fn make_room(&self) {
        self.ration().limit = None;
    }

    /// Returns how many calls have taken room.
    pub fn taken(&self) -> u64 {
        self.ration().taken
    }

    fn ration(&self) -> MutexGuard<'_, Ration> {
        self.ration.lock().unwrap()
    }

    /// Answers the questions of the kernel until no program is left that it could ask about.
    fn answer(&self, listener: &OwnedFd) {
        let mut waiting = Vec::new();
        loop {
            let call = match next_call(listener, !waiting.is_empty()) {
                NextCall::Call(call) if self.ration().is_silent && self.needs_room(&call) => {
                    waiting.push(call);
                    self.ration().waiting = waiting.len();
                    continue;
                }
                NextCall::Call(call) => call,
                NextCall::None if self.ration().is_silent => continue,
                NextCall::None => {
                    let Some(call) = waiting.pop() else { continue };
                    self.ration().waiting = waiting.len();
                    call
                }
                NextCall::Ended => return,
            };
            let mut answer = seccomp_notif_resp {
                id: call.id,
                val: 0,
                error: 0,
                flags: SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
            };
            if let Some(errno) = self.refusal(&call) {
                answer.error = -errno;
                answer.flags = 0;
            }
            // SAFETY: the kernel reads the structure before the call returns. It fails if the program has ended.
            unsafe {
                libc::ioctl(
                    listener.as_raw_fd(),
                    SECCOMP_IOCTL_NOTIF_SEND,
                    &raw mut answer,
                )
            };
        }
    }

    /// Returns the error number of a call that finds no room.
    fn refusal(&self, call: &seccomp_notif) -> Option<i32> {
        if !self.needs_room(call) {
            return None;
        }
        let mut ration = self.ration();
        match ration.limit {
            Some((limit, errno)) if ration.taken >= limit => Some(errno),
            _ => {
                ration.taken += 1;
                None
            }
        }
    }

    fn needs_room(&self, call: &seccomp_notif) -> bool {
        let [descriptor, ..] = call.data.args;
        let open = format!("/proc/{}/fd/{}", call.pid, descriptor as i32);
        let is_here = fs::read_link(&open).is_ok_and(|file| file.starts_with(&self.folder));
        let Ok(file) = fs::metadata(&open) else {
            return false;
        };
        let [_, second, count, offset, ..] = call.data.args;
        let end = match c_long::from(call.data.nr) {
            libc::SYS_pwrite64 => offset.saturating_add(count),
            libc::SYS_ftruncate => second,
            // Files are only appended to by this call.
            _ => u64::MAX,
        };
        is_here && file.is_file() && end > file.len()
    }
}

/// What the kernel asks next.
enum NextCall {
    /// It asks about a call.
    Call(seccomp_notif),
    /// It has not asked for a while.
    None,
    /// There are no more programs.
    Ended,
}

/// Waits for a call about which the kernel asks; for a short time only if others wait for their answer.
fn next_call(listener: &OwnedFd, others_wait: bool) -> NextCall {
    let limit = if others_wait { 20 } else { -1 };
    loop {
        let mut polled = pollfd {
            fd: listener.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: there is one structure.
        let ready = unsafe { libc::poll(&raw mut polled, 1, limit) };
        if ready == 0 {
            return NextCall::None;
        }
        if ready > 0 && polled.revents & libc::POLLIN == 0 {
            return NextCall::Ended;
        }
        // SAFETY: all fields are numbers, and the kernel wants zeros.
        let mut call: seccomp_notif = unsafe { mem::zeroed() };
        // SAFETY: the kernel fills in the structure.
        let received = unsafe {
            libc::ioctl(
                listener.as_raw_fd(),
                SECCOMP_IOCTL_NOTIF_RECV,
                &raw mut call,
            )
        };
        if received == 0 {
            return NextCall::Call(call);
        }
        // The program may have been killed since.
        let error = io::Error::last_os_error();
        let passes = [libc::EINTR, libc::ENOENT, libc::EAGAIN];
        assert!(
            error
                .raw_os_error()
                .is_some_and(|number| passes.contains(&number)),
            "{error}"
        );
    }
}
