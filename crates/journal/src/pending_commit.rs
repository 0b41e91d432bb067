//! A commit that another thread can write.

use std::sync::Arc;

use crate::changes::{Changes, CommitKind};
use crate::error::{Error, Result};
use crate::free_space::Span;
use crate::open_file::OpenFile;
use crate::overlay::Overlay;

/// A commit that has been taken and is not written yet. If it is dropped, its changes belong to the next one.
#[derive(Debug)]
#[must_use = "nothing is written before `run`"]
pub struct PendingCommit {
    pub(crate) file: Arc<OpenFile>,
    pub(crate) overlay: Arc<Overlay>,
    /// The end of the file.
    pub(crate) end: u64,
    /// The end in the superblock.
    pub(crate) published: u64,
    /// Space to which nothing refers after this commit.
    pub(crate) freed: Vec<Span>,
    /// Number of bytes of raw data in the overlay.
    pub(crate) kept: u64,
    pub(crate) kind: CommitKind,
    /// `true` if nothing that is older than this commit can be restored after it.
    pub(crate) is_checkpoint: bool,
}

impl PendingCommit {
    /// Writes the commit. May wait for the disk.
    ///
    /// # Errors
    /// The file is at the commit before, and the changes belong to the next one.
    pub fn run(mut self) -> Result<()> {
        let mut committer = self.file.committer();
        let committer = committer.as_mut().ok_or(Error::NotOpen)?;
        let changes = Changes {
            overlay: &self.overlay,
            end: self.end,
            published: self.published,
            kind: self.kind,
        };
        let committed = committer.commit(&self.file.data, &changes);
        if committed.is_ok() {
            let mut state = self.file.state();
            state.frozen = None;
            state.room_for_copies = committer.room_for_copies();
            // Readers may be about to read a copy from before this commit.
            let outdated = state.copies.len().saturating_sub(2);
            state.copies.drain(..outdated);
            let freed = std::mem::take(&mut self.freed);
            state.free_space.add_unreferenced(freed, self.is_checkpoint);
        }
        committed
    }
}

impl Drop for PendingCommit {
    fn drop(&mut self) {
        let mut state = self.file.state();
        // Behind a commit that was written, the next one may have been taken already.
        let own = |frozen: &mut Arc<Overlay>| Arc::ptr_eq(frozen, &self.overlay);
        if let Some(frozen) = state.frozen.take_if(own) {
            let later = std::mem::replace(&mut state.overlay, (*frozen).clone());
            state.overlay.merge(later);
            state.is_changed = true;
            state.free_space.restore(std::mem::take(&mut self.freed));
            state.kept += self.kept;
        }
        drop(state);
        self.file.committed.notify_all();
    }
}
