//! A child process that does not outlive us.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A child process that is killed when this is dropped, and by the kernel when our process dies.
///
/// The kernel ties the child to the thread that made it, not to the process. Callers may be
/// threads that end sooner than the child should, so each child has a keeper thread.
pub(super) struct Child {
    process: Arc<Mutex<std::process::Child>>,
    id: u32,
    keeper: Option<Keeper>,
}

struct Keeper {
    release: Sender<()>,
    thread: JoinHandle<()>,
}

impl Child {
    /// Runs `program configuration`; what it prints is added to `log`.
    pub(super) fn spawn(program: &Path, configuration: &Path, log: &Path) -> io::Result<Child> {
        let log = File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(program);
        command.arg(configuration).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        // Ctrl-C in a terminal is for us: we still need the server while we finish.
        command.process_group(0);
        die_with_parent(&mut command);

        let (started, outcome) = channel();
        let (release, released) = channel();
        let thread = std::thread::Builder::new()
            .name("redis-keeper".to_owned())
            .spawn(move || keep(command, &started, &released))?;
        let process = outcome
            .recv()
            .map_err(|_| io::Error::other("keeper thread died"))??;
        let id = lock(&process).id();
        Ok(Child {
            process,
            id,
            keeper: Some(Keeper { release, thread }),
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// How the process ended, if it did.
    pub(super) fn has_ended(&self) -> Option<ExitStatus> {
        lock(&self.process).try_wait().ok().flatten()
    }

    /// Kills the process and waits for its end.
    pub(super) fn end(&mut self) {
        {
            let mut process = lock(&self.process);
            let ended = process.kill().and_then(|()| process.wait());
            if let Err(error) = ended {
                tracing::warn!("cannot end the private redis server: {error}");
            }
        }
        if let Some(Keeper { release, thread }) = self.keeper.take() {
            drop(release);
            if thread.join().is_err() {
                tracing::warn!("the keeper of the private redis server panicked");
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

type Shared = Arc<Mutex<std::process::Child>>;

fn keep(mut command: Command, started: &Sender<io::Result<Shared>>, released: &Receiver<()>) {
    let outcome = command.spawn().map(|child| Arc::new(Mutex::new(child)));
    let failed = outcome.is_err();
    if started.send(outcome).is_err() || failed {
        return;
    }
    // Comes back with an error when the other end is dropped: that is the signal.
    if released.recv().is_ok() {
        tracing::trace!("keeper released");
    }
}

fn lock(process: &Mutex<std::process::Child>) -> MutexGuard<'_, std::process::Child> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let parent = std::process::id();
    let tie = move || {
        // SAFETY: prctl with PR_SET_PDEATHSIG takes a signal number and touches no memory;
        // getppid takes nothing. Both may be called between fork and exec.
        let (tied, now) = unsafe {
            (
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL),
                libc::getppid(),
            )
        };
        if tied != 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have died before it could be heard of.
        if now as u32 == parent {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: `tie` makes only system calls that are allowed between fork and exec; it does not
    // allocate and takes no locks.
    unsafe { command.pre_exec(tie) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
