//! The journal of one file, as the program sees it that writes the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hdf5_metno_sys::h5i::hid_t;

use crate::changes::CommitKind;
use crate::driver;
use crate::error::{Error, Result};
use crate::free_space::Span;
use crate::global_heap;
use crate::open_file::{Access, OpenFile, State};
use crate::options::{Durability, Options};
use crate::pending_commit::PendingCommit;
use crate::published_end::publish;
use crate::recovery::Recovery;
use crate::root_copies::least_room;
use crate::superblock;

/// Writes one file, which is at all times as it was at a commit.
///
/// Clones belong to the same file. They may be used by any thread at any time.
#[derive(Debug, Clone)]
pub struct Journal {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    options: Options,
    file: Mutex<Slot>,
}

/// The file of a journal.
#[derive(Debug, Default)]
enum Slot {
    /// The library has not opened it yet.
    #[default]
    Empty,
    Open(Arc<OpenFile>),
    /// The library has closed it.
    Closed(Arc<OpenFile>),
    /// It could not be opened.
    Failed(Error),
}

impl Journal {
    /// Returns a journal for a file that will be opened or created.
    #[must_use]
    pub fn new(options: Options) -> Journal {
        Journal {
            shared: Arc::new(Shared {
                options,
                file: Mutex::default(),
            }),
        }
    }

    /// Lets a file be opened or created with this journal by `H5Fopen` or `H5Fcreate` with this file access property
    /// list. File locking of the library has no effect then: [`Options::lock`] decides.
    ///
    /// # Errors
    /// If the library does not accept the driver.
    pub fn set_driver(&self, access: hid_t) -> Result<()> {
        driver::set(access, &self.shared)
    }

    /// Flushes the file before a commit. `flush` has to call `H5Fflush` for it, and is called again if something had to be
    /// added: what is left of the collections in which the library has put texts of variable length is filled, since
    /// readers do not see texts that are added to a collection that they know.
    ///
    /// # Errors
    /// Those of `flush`, and if the library does not accept what is added.
    pub fn flush<E: From<Error>>(
        &self,
        file: hid_t,
        mut flush: impl FnMut() -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        flush()?;
        let known = self.room_for_texts()?;
        if known.is_empty() {
            return Ok(());
        }
        driver::fill_texts(file, known.values().copied().collect())?;
        flush()?;
        // The library does not know all collections any more, and has begun another one then.
        let mut room = self.room_for_texts()?;
        room.retain(|address, _| !known.contains_key(address));
        if room.is_empty() {
            return Ok(());
        }
        driver::fill_texts(file, room.into_values().collect())?;
        flush()
    }

    fn room_for_texts(&self) -> Result<BTreeMap<u64, u64>> {
        Ok(global_heap::room(&self.shared.file()?.state().overlay))
    }

    /// Commits everything that the library has flushed, in this thread. `H5Fflush` must have returned success since
    /// the last change, otherwise the state that is committed may make no sense.
    ///
    /// Returns `false` if nothing has changed since the last commit.
    ///
    /// # Errors
    /// The file is at the commit before, unless all that has failed is to make a checkpoint durable. In either case the
    /// commit may be tried again. But if the library could not write raw data since the last commit, for another reason
    /// than a full disk or more than 64 MiB, nothing is committed any more: the file has to be closed and
    /// [discarded](Journal::discard).
    pub fn commit(&self, kind: CommitKind) -> Result<bool> {
        match self.freeze(kind)? {
            Some(commit) => commit.run().map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes what the library has flushed, as [`commit`](Journal::commit) does, but does not write it: another thread
    /// can do that while this one goes on. Waits if a commit is not finished yet. Returns `None` if nothing has
    /// changed.
    ///
    /// # Errors
    /// If the beginning of the file cannot be read, or if the library could not write raw data since the last commit.
    pub fn freeze(&self, kind: CommitKind) -> Result<Option<PendingCommit>> {
        self.freeze_file(self.shared.file()?, kind)
    }

    /// Returns `true` if a commit has been taken that is not finished.
    #[must_use]
    pub fn is_committing(&self) -> bool {
        let file = self.shared.file();
        file.is_ok_and(|file| file.state().frozen.is_some())
    }

    /// Reserves room for this number of bytes behind the end of the file, so that writing raw data does not fail for
    /// want of it. Returns `false` if the file system cannot do that.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if there is no room.
    pub fn reserve(&self, bytes: u64) -> Result<bool> {
        let file = self.shared.file()?;
        let mut state = file.state();
        state.has_reserve = true;
        let end = state.end;
        drop(state);
        file.data.allocate(end, end.saturating_add(bytes))
    }

    /// Commits what the library has written while it closed the file, gives the file its length and removes the
    /// journal. `H5Fclose` must have returned success before.
    ///
    /// # Errors
    /// The file is at the commit before, and the changes are kept: this may be tried again, except after raw data could
    /// not be written.
    pub fn finish(&self) -> Result<()> {
        let mut slot = self.shared.slot();
        let file = match &*slot {
            Slot::Closed(file) => file.clone(),
            Slot::Open(_) => return Err(Error::StillOpen),
            // The library opens a file tentatively, and no file was opened after that.
            Slot::Empty | Slot::Failed(_) => return Ok(()),
        };
        if let Some(commit) = self.freeze_file(file.clone(), CommitKind::Checkpoint)? {
            commit.run()?;
        }
        let has_reserve = file.state().has_reserve;
        match file.committer().as_mut() {
            Some(committer) => committer.finish(&file.data, has_reserve)?,
            None => return Err(Error::NotOpen),
        }
        *slot = Slot::Empty;
        Ok(())
    }

    /// Forgets what was not committed. The file remains as it was at the last commit. The library must have closed the
    /// file.
    ///
    /// # Errors
    /// If the file cannot be brought into order. The next that opens it will do that.
    pub fn discard(&self) -> Result<()> {
        let mut slot = self.shared.slot();
        let file = match &*slot {
            Slot::Closed(file) => file.clone(),
            Slot::Open(_) => return Err(Error::StillOpen),
            Slot::Empty | Slot::Failed(_) => return Ok(()),
        };
        *slot = Slot::Empty;
        drop(slot);
        match file.committer().as_mut() {
            Some(committer) => committer.restore(&file.data),
            None => Ok(()),
        }
    }

    /// Notes that objects which had this part of the file were removed, so that it is used again for raw data: after
    /// the next commit (with [`Durability::Ordered`]: checkpoint), and when no reader can know it any more.
    ///
    /// Only for files whose freed space the library itself does not use: see [`release_space`](crate::release_space).
    pub(crate) fn release(&self, address: u64, length: u64) -> Result<()> {
        let file = self.shared.file()?;
        file.state().free_space.add(Span { address, length });
        Ok(())
    }

    /// Returns `true` if an object at this address of the file was created after the last commit was taken, so that no
    /// reader can know it. May return `false` for such an object as well.
    ///
    /// # Errors
    /// If no file is open.
    pub fn is_uncommitted(&self, address: u64) -> Result<bool> {
        Ok(address >= self.shared.file()?.state().direct_from)
    }

    /// Removes the name of the journal, because the file has lost its own: it was deleted, renamed or replaced. Another
    /// file with that name can be opened then. What is still written goes to the file without a name.
    ///
    /// # Errors
    /// If no file is open, or the journal cannot be removed.
    pub fn leave_name(&self) -> Result<()> {
        match &*self.shared.file()?.committer() {
            Some(committer) => committer.remove_journal(),
            None => Ok(()),
        }
    }

    /// Returns what was found, and done, when the file was opened.
    #[must_use]
    pub fn recovery(&self) -> Option<Recovery> {
        let file = self.shared.file();
        file.ok().map(|file| file.recovery)
    }

    /// Returns why the library could not open the file, or why a call that wrote raw data has failed. An error is
    /// returned once.
    #[must_use]
    pub fn take_failure(&self) -> Option<Error> {
        let mut slot = self.shared.slot();
        match &*slot {
            Slot::Open(file) | Slot::Closed(file) => file.state().failure.take(),
            Slot::Empty => None,
            Slot::Failed(_) => match std::mem::take(&mut *slot) {
                Slot::Failed(error) => Some(error),
                _ => None,
            },
        }
    }

    /// Gives access to the file that is open, for questions to the operating system.
    ///
    /// # Errors
    /// If none is.
    pub fn with_file<T>(&self, ask: impl FnOnce(&File) -> T) -> Result<T> {
        Ok(ask(self.shared.file()?.data.file()))
    }

    fn freeze_file(&self, file: Arc<OpenFile>, kind: CommitKind) -> Result<Option<PendingCommit>> {
        let mut state = file.state();
        while state.frozen.is_some() {
            state = file
                .committed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        file.expect_written(&state)?;
        let is_needed = state.is_changed || kind.is_checkpoint();
        if !is_needed && !state.is_closing {
            return Ok(None);
        }
        if !state.is_closing && global_heap::ends_at(&state.overlay, state.end) {
            state.end += global_heap::ALIGNMENT;
        }
        let headroom = self.shared.options.headroom;
        let leaves_room = headroom > 0 && kind != CommitKind::FinalCheckpoint;
        state.published = published(&file, &mut state, headroom, leaves_room)?;
        state.keep_for_copies(headroom);
        let overlay = Arc::new(std::mem::take(&mut state.overlay));
        state.frozen = Some(overlay.clone());
        state.direct_from = state.end.max(state.direct_from);
        state.is_changed = false;
        let kept = std::mem::take(&mut state.kept);
        let freed = state.free_space.take_freed();
        let (end, published) = (state.end, state.published);
        drop(state);
        Ok(Some(PendingCommit {
            file,
            overlay,
            end,
            published,
            freed,
            kept,
            kind,
            is_checkpoint: kind.is_checkpoint() || !self.shared.is_ordered(),
        }))
    }
}

/// Puts the end of the file, with room behind it or without, into the superblock. Returns it.
fn published(file: &OpenFile, state: &mut State, headroom: u64, leaves_room: bool) -> Result<u64> {
    let mut first = [0; superblock::LENGTH];
    file.read(state, 0, &mut first)?;
    let is_enough = state.published >= state.end.saturating_add(least_room(headroom));
    let wanted = match leaves_room && !state.is_closing {
        true if is_enough => state.published,
        true => state.end.saturating_add(headroom),
        false => state.end,
    };
    state.hides_extension = file.has_hideable_extension(state)?;
    let hides = state.hides_extension;
    Ok(publish(
        &mut state.overlay,
        &mut first,
        hides,
        wanted,
        state.end,
    ))
}

impl Shared {
    /// Opens the file for the library.
    pub(crate) fn open(&self, path: &Path, access: Access) -> Result<Arc<OpenFile>> {
        let mut slot = self.slot();
        if access.writes && matches!(&*slot, Slot::Open(_) | Slot::Closed(_)) {
            return Err(Error::StillOpen);
        }
        let file = Arc::new(OpenFile::open(path, access, &self.options)?);
        if access.writes {
            *slot = Slot::Open(file.clone());
        }
        Ok(file)
    }

    /// Notes why the library could not open a file.
    pub(crate) fn failed(&self, error: Error) {
        let mut slot = self.slot();
        if matches!(&*slot, Slot::Empty | Slot::Failed(_)) {
            *slot = Slot::Failed(error);
        }
    }

    /// Notes that the library has closed the file.
    pub(crate) fn closed(&self, file: &Arc<OpenFile>) {
        let mut slot = self.slot();
        let is_own = matches!(&*slot, Slot::Open(open) if Arc::ptr_eq(open, file));
        if !is_own {
            return;
        }
        let state = file.state();
        let is_untouched = !state.is_changed && !state.is_closing;
        drop(state);
        // The library opens a file tentatively to compare it with those that are open.
        if is_untouched && let Some(committer) = file.committer().as_mut() {
            match committer.remove_journal() {
                Ok(()) => {
                    *slot = Slot::Empty;
                    return;
                }
                Err(error) => tracing::debug!(%error, "a journal without changes remains"),
            }
        }
        *slot = Slot::Closed(file.clone());
    }

    fn is_ordered(&self) -> bool {
        self.options.durability == Durability::Ordered
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> Result<Arc<OpenFile>> {
        match &*self.slot() {
            Slot::Open(file) | Slot::Closed(file) => Ok(file.clone()),
            Slot::Empty | Slot::Failed(_) => Err(Error::NotOpen),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let slot = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Slot::Closed(file) = slot
            && let Some(committer) = file.committer().as_mut()
            && let Err(error) = committer.restore(&file.data)
        {
            tracing::warn!(
                %error,
                "{} is brought into order when it is opened again",
                file.data.path().display()
            );
        }
    }
}
