//! An open file, which its sessions share.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use journal::CommitKind;
use observation::{Hdf5Stage, Observation};

use super::background::{Commits, beside};
use super::closing::ClosingFiles;
use super::durability::Durability;
use super::interference::{FileInterference, FileWatch};
use super::settling::SettlingSessions;
use crate::error::{Error, FileCause, Result};
use crate::h5;

/// An open file, which its sessions share.
#[derive(Debug)]
pub(super) struct OpenFile {
    path: PathBuf,
    /// The HDF5 file, or `None` when it has been closed.
    file: RefCell<Option<h5::File>>,
    dirty: Cell<bool>,
    watch: FileWatch,
    is_abandoned: Cell<bool>,
    /// The time between two checkpoints; `None` if nothing waits for the disk.
    period: Option<Duration>,
    durability: Durability,
    commits: Commits,
    settling: SettlingSessions,
    /// Number of references to this that no session has.
    kept: Cell<usize>,
    closing: ClosingFiles,
    observation: Arc<Observation>,
}

impl OpenFile {
    /// Takes a file that was just opened. Begins to flush a new one, so that readers can open it, unless that was done.
    pub fn new(
        path: PathBuf,
        file: h5::File,
        durability: Durability,
        closing: ClosingFiles,
        observation: Arc<Observation>,
    ) -> OpenFile {
        observation.hdf5.files_open.add(1.0);
        let open = OpenFile {
            watch: FileWatch::new(&path, &file),
            path,
            period: durability.period().filter(|_| file.is_ordered()),
            durability,
            file: RefCell::new(Some(file)),
            dirty: Cell::new(true),
            is_abandoned: Cell::new(false),
            commits: Commits::new(),
            settling: SettlingSessions::new(),
            kept: Cell::new(0),
            closing,
            observation,
        };
        if open.watch.is_empty()
            && let Err(error) = open.flush_if_dirty()
        {
            // The next flush will fail as well, or succeed.
            tracing::debug!(%error, "a file cannot be flushed");
        }
        open
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    pub fn is_locked(&self) -> bool {
        let file = self.file.borrow();
        file.as_ref().is_some_and(h5::File::is_locked)
    }

    pub fn has_journal(&self) -> bool {
        let file = self.file.borrow();
        file.as_ref().is_some_and(h5::File::has_journal)
    }

    pub fn is_known(&self, dataset: &h5::Dataset) -> h5::Result<bool> {
        self.with(|file| file.is_unknown(dataset))
            .map(|is_unknown| !is_unknown)
    }

    pub fn mark_dirty(&self) {
        self.dirty.set(true);
    }

    pub fn keep(&self) {
        self.kept.set(self.kept.get() + 1);
    }

    pub fn keep_no_longer(&self) {
        self.kept.set(self.kept.get() - 1);
    }

    pub fn interference(&self) -> Option<FileInterference> {
        if self.is_abandoned() {
            return Some(FileInterference::Truncated);
        }
        let file = self.file.borrow();
        file.as_ref()
            .and_then(|file| self.watch.interference(&self.path, file))
    }

    pub fn is_abandoned(&self) -> bool {
        self.is_abandoned.get()
    }

    /// Lets another file with this name be opened.
    pub fn leave_name(&self) -> Result<()> {
        self.with(h5::File::leave_name)
            .map_err(|reason| Error::file(&self.path, "give up", reason))
    }

    pub fn abandon(&self) {
        self.is_abandoned.set(true);
        // Another program has emptied the file. What is in it now was written after that, and is of no use
        // without its beginning.
        if matches!(
            self.with(h5::File::signature),
            Ok(Ok([0, 0, 0, 0, 0, 0, 0, 0]))
        ) {
            let emptied = self.with(h5::File::empty);
            if !matches!(emptied, Ok(Ok(()))) {
                tracing::error!(?emptied, "{} cannot be emptied", self.path.display());
            }
        }
        let abandoned = self.with(h5::File::abandon);
        if !matches!(abandoned, Ok(Ok(()))) {
            let file = self.path.display();
            tracing::error!(?abandoned, "{file} cannot be closed without being written");
        }
    }

    pub fn with<T>(&self, f: impl FnOnce(&h5::File) -> h5::Result<T>) -> h5::Result<T> {
        match &*self.file.borrow() {
            Some(file) => f(file),
            None => Err(h5::Error::Closed),
        }
    }

    pub fn flush_if_dirty(&self) -> Result<bool> {
        if self.is_abandoned.get() {
            return Ok(false);
        }
        match self.period {
            None => self.flush_now(),
            Some(period) => self.begin_due_commit(period),
        }
    }

    fn flush_now(&self) -> Result<bool> {
        if !self.dirty.get() {
            return Ok(false);
        }
        let stopwatch = self.observation.stopwatch();
        let flushed = self.with(h5::File::flush);
        self.observation.hdf5.finished(Hdf5Stage::Flush, stopwatch);
        flushed.map_err(|reason| self.not_flushed(reason))?;
        self.dirty.set(false);
        self.note_size();
        Ok(true)
    }

    fn begin_due_commit(&self, period: Duration) -> Result<bool> {
        self.collect();
        let is_due = self.commits.is_due(period, self.dirty.get());
        let is_needed = is_due || self.dirty.get();
        let begins = is_needed && self.commits.running().is_none();
        if begins {
            self.begin_commit(match is_due {
                true => CommitKind::Checkpoint,
                false => CommitKind::Visible,
            })?;
        }
        match self.commits.failure() {
            Some(reason) => Err(self.not_flushed(reason)),
            None => Ok(begins),
        }
    }

    fn begin_commit(&self, kind: CommitKind) -> Result<()> {
        let stopwatch = self.observation.stopwatch();
        let commit = self.with(|file| file.begin_commit(kind));
        self.observation.hdf5.finished(Hdf5Stage::Flush, stopwatch);
        let commit = commit.map_err(|reason| self.not_flushed(reason))?;
        if let Some(commit) = commit {
            let begun = self.commits.run(commit, kind, &self.observation);
            begun.map_err(|reason| Error::File {
                file: self.path.clone(),
                action: "flush".to_owned(),
                source: FileCause::System(Arc::new(reason)),
            })?;
        }
        self.dirty.set(false);
        if kind.is_checkpoint() {
            self.settling.checkpoint_begins();
        }
        Ok(())
    }

    /// Notes the result of a commit that has ended.
    fn collect(&self) {
        match self.commits.collect() {
            Some(true) => self.note_size(),
            Some(false) => self.dirty.set(true),
            None => {}
        }
    }

    pub fn is_committed(&self) -> bool {
        self.collect();
        self.commits.running().is_none() && self.commits.failure().is_none()
    }

    pub async fn committed(&self) {
        while let Some(running) = self.commits.running() {
            running.wait().await;
            self.collect();
        }
    }

    pub async fn settle(open: &Rc<OpenFile>) -> Result<()> {
        let is_last = Rc::strong_count(open) - open.kept.get() == 1;
        let waits = is_last || open.durability == Durability::Scan;
        let _settling = open.settling.join();
        if open.is_abandoned() {
            return Ok(());
        }
        match open.period {
            None => open.reach_flush(open).await,
            Some(_) if waits => open.reach_checkpoint(open).await,
            Some(_) => open.flush_if_dirty().map(drop),
        }
    }

    /// Waits for a flush that has all that was written up to now, and makes it unless another session does.
    async fn reach_flush(&self, open: &Rc<OpenFile>) -> Result<()> {
        while self.dirty.get() && self.gather(open).await.is_none() {}
        if self.flush_if_dirty()? {
            self.settling.checkpoint_begins();
        }
        Ok(())
    }

    /// Waits for a checkpoint that has all that was written up to now, and makes it unless another session does.
    async fn reach_checkpoint(&self, open: &Rc<OpenFile>) -> Result<()> {
        self.collect();
        let Some(checkpoint) = self.commits.covering(self.dirty.get()) else {
            return Ok(());
        };
        loop {
            self.collect();
            if self.commits.is_durable(checkpoint) || self.is_abandoned() {
                return Ok(());
            }
            match self.commits.running() {
                Some(running) => running.wait().await,
                None if self.commits.was_begun(checkpoint) => {
                    let reason = self.commits.failure().unwrap_or(h5::Error::CommitEnded);
                    return Err(self.not_flushed(reason));
                }
                None => {
                    if let Some(kind) = self.gather(open).await {
                        self.begin_commit(kind)?;
                    }
                }
            }
        }
    }

    async fn gather(&self, open: &Rc<OpenFile>) -> Option<CommitKind> {
        let kept = self.kept.get();
        let sessions = Rc::strong_count(open) - kept;
        self.settling.gather(sessions, kept > 0).await
    }

    /// Closes the file, in this thread.
    pub fn close(&self) -> Result<()> {
        if self.file.borrow().is_none() {
            return Ok(());
        }
        // The file is flushed first, because the error of a flush is more precise than that of closing. A commit of a
        // journal tells the same when it is the last one.
        let flushed = match self.period {
            None => self.flush_if_dirty(),
            Some(_) => Ok(false),
        };
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let stopwatch = self.observation.stopwatch();
        let closed = file.close();
        self.observation.hdf5.finished(Hdf5Stage::Close, stopwatch);
        self.observation.hdf5.files_open.add(-1.0);
        if self.is_abandoned.get() {
            // The library cannot read back what was redirected.
            return Ok(());
        }
        flushed.and(closed.map_err(|reason| self.not_closed(reason)))
    }

    /// Closes the file. What waits for the disk is done by another thread.
    pub async fn finish(self) -> Result<()> {
        if self.period.is_none() || self.is_abandoned() {
            return self.close();
        }
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        self.observation.hdf5.files_open.add(-1.0);
        let stopwatch = self.observation.stopwatch();
        let last = file.close_library();
        self.observation.hdf5.finished(Hdf5Stage::Close, stopwatch);
        let last = last.map_err(|reason| self.not_closed(reason))?;
        let made = beside(|| last.make(), Hdf5Stage::Commit, &self.observation);
        let made = made.map_err(|reason| Error::File {
            file: self.path.clone(),
            action: "close".to_owned(),
            source: FileCause::System(Arc::new(reason)),
        })?;
        let made = self.closing.wait(&self.path, made).await;
        made.map_err(|reason| self.not_closed(reason))
    }

    fn note_size(&self) {
        if let Some(file) = &*self.file.borrow() {
            self.watch.flushed(file);
        }
    }

    fn not_flushed(&self, reason: h5::Error) -> Error {
        Error::file(&self.path, "flush", reason)
    }

    fn not_closed(&self, reason: h5::Error) -> Error {
        Error::file(&self.path, "close", reason)
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "a file was not completely written");
        }
    }
}
