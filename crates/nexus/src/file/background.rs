//! Commits of one file that other threads write, one after the other.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hub::AsyncResult;
use journal::{CommitKind, PendingCommit};
use observation::{Hdf5Stage, Observation};

use crate::h5;

/// The result of what another thread does with a file.
pub(super) type FileResult = AsyncResult<(), h5::Error>;

/// Does this in a thread of its own, because it may wait for the disk.
///
/// # Errors
/// If the system cannot start a thread. `work` is dropped then.
pub(super) fn beside(
    work: impl FnOnce() -> h5::Result<()> + Send + 'static,
    stage: Hdf5Stage,
    observation: &Arc<Observation>,
) -> io::Result<FileResult> {
    let result = AsyncResult::new();
    let promise = result.promise(h5::Error::CommitEnded);
    let observation = observation.clone();
    let run = move || {
        let stopwatch = observation.stopwatch();
        let done = work();
        observation.hdf5.finished(stage, stopwatch);
        promise.keep(done);
    };
    thread::Builder::new()
        .name("commit".to_owned())
        .spawn(run)?;
    Ok(result)
}

/// How far a file is committed.
#[derive(Debug)]
pub(super) struct Commits {
    running: RefCell<Option<RunningCommit>>,
    /// The number of the last checkpoint that was begun.
    begun: Cell<u64>,
    /// The number of the last checkpoint that has succeeded, and when that was known.
    durable: Cell<u64>,
    durable_since: Cell<Instant>,
    /// Whether something was committed since.
    is_ahead: Cell<bool>,
    /// Why the last commit has failed, if it has.
    failure: RefCell<Option<h5::Error>>,
}

#[derive(Debug)]
struct RunningCommit {
    /// The number of the checkpoint, if it is one.
    checkpoint: Option<u64>,
    result: FileResult,
}

impl Commits {
    pub fn new() -> Commits {
        Commits {
            running: RefCell::default(),
            begun: Cell::new(0),
            durable: Cell::new(0),
            durable_since: Cell::new(Instant::now()),
            is_ahead: Cell::new(false),
            failure: RefCell::default(),
        }
    }

    /// Lets another thread write a commit. None may be running.
    ///
    /// # Errors
    /// If the system cannot start a thread. The changes belong to the next commit.
    pub fn run(
        &self,
        commit: PendingCommit,
        kind: CommitKind,
        observation: &Arc<Observation>,
    ) -> io::Result<()> {
        let work = move || Ok(commit.run()?);
        let result = beside(work, Hdf5Stage::Commit, observation)?;
        let checkpoint = kind.is_checkpoint().then(|| self.begun.get() + 1);
        if let Some(number) = checkpoint {
            self.begun.set(number);
        }
        self.running
            .replace(Some(RunningCommit { checkpoint, result }));
        Ok(())
    }

    /// Notes the result of a commit that has ended. Returns whether it has succeeded.
    pub fn collect(&self) -> Option<bool> {
        let is_ready = |running: &mut RunningCommit| running.result.ready();
        let running = self.running.borrow_mut().take_if(is_ready)?;
        let failure = match running.result.try_take() {
            Ok(()) => None,
            Err(error) => Some(error.failed().unwrap_or(h5::Error::CommitEnded)),
        };
        let has_succeeded = failure.is_none();
        self.failure.replace(failure);
        match running.checkpoint {
            _ if !has_succeeded => {}
            Some(number) => {
                self.durable.set(number);
                self.durable_since.set(Instant::now());
                self.is_ahead.set(false);
            }
            None => self.is_ahead.set(true),
        }
        Some(has_succeeded)
    }

    /// Returns why the last commit has failed, if it has.
    pub fn failure(&self) -> Option<h5::Error> {
        self.failure.borrow().clone()
    }

    /// Returns the result of the commit that is being written, if there is one.
    pub fn running(&self) -> Option<FileResult> {
        let running = self.running.borrow();
        running.as_ref().map(|running| running.result.clone())
    }

    /// Returns `true` if the last checkpoint is this old, and something was written or committed since.
    pub fn is_due(&self, period: Duration, is_dirty: bool) -> bool {
        (is_dirty || self.is_ahead.get()) && self.durable_since.get().elapsed() >= period
    }

    /// Returns the number of the checkpoint that has all that was written up to now, or `None` if everything is durable.
    pub fn covering(&self, is_dirty: bool) -> Option<u64> {
        match &*self.running.borrow() {
            _ if is_dirty => Some(self.begun.get() + 1),
            Some(running) => Some(running.checkpoint.unwrap_or(self.begun.get() + 1)),
            None => self.is_ahead.get().then(|| self.begun.get() + 1),
        }
    }

    /// Returns `true` if this checkpoint has succeeded.
    pub fn is_durable(&self, checkpoint: u64) -> bool {
        self.durable.get() >= checkpoint
    }

    /// Returns `true` if this checkpoint was begun.
    pub fn was_begun(&self, checkpoint: u64) -> bool {
        self.begun.get() >= checkpoint
    }
}
