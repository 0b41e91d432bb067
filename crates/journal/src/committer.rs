//! Brings a set of changes into a file, all or nothing.

use std::time::Duration;

use crate::changes::{Changes, CommitKind};
use crate::directory::Directory;
use crate::error::Result;
use crate::format::{COMMITS, Change, Commit, Header, SLOTS};
use crate::host;
use crate::locked_journal::LockedJournal;
use crate::options::{Durability, Options};
use crate::overlay::{Content, Overlay};
use crate::published_end::lengthen;
use crate::root_copies::{RootCopies, ShownRoot};
use crate::storage::Storage;
use crate::superblock::{self, Superblock};

/// The journal and what the file has.
#[derive(Debug)]
pub(crate) struct Committer {
    journal: LockedJournal,
    /// The state to which the file is restored.
    checkpoint: Header,
    /// Where the next header goes. The one before stays valid until that is on the disk.
    slot: usize,
    /// The number of the last commit.
    number: u64,
    /// Where the next commit goes in the journal.
    position: u64,
    /// The end of the file at the last commit.
    end: u64,
    published: u64,
    /// How much longer the file is than its superblock says.
    ahead: u64,
    /// How long a commit waits when the superblock has got another end.
    opening_time: Duration,
    /// Whether the file began with a superblock that can be changed, when it was opened.
    has_superblock: bool,
    is_ordered: bool,
    /// Whether the file has a part of the changes of a commit.
    is_torn: bool,
    root: RootCopies,
    /// Where the names of file and journal are, until they are known to be on the disk. It is opened with the file, so
    /// that a commit does not fail for want of a descriptor.
    directory: Option<Directory>,
}

impl Committer {
    /// Begins a journal for a file that is in order.
    pub fn begin(journal: LockedJournal, data: &Storage, options: &Options) -> Result<Committer> {
        let length = data.length()?;
        let mut first = [0; superblock::LENGTH];
        data.read(0, &mut first)?;
        // Space behind the end in the superblock may have been written by a program that was killed.
        let superblock = Superblock::of(&first);
        let end = superblock.map_or(length, |superblock| superblock.end(&first));
        let home = superblock.map(|superblock| superblock.root(&first));
        let checkpoint = Header {
            number: 0,
            end,
            published: end,
            is_ordered: options.durability == Durability::Ordered,
            process: rustix::process::getpid()
                .as_raw_nonzero()
                .get()
                .cast_unsigned(),
            boot: host::boot(),
            host: host::name(),
            home,
        };
        let directory = match checkpoint.is_ordered {
            true => Some(Directory::of(data.path())?),
            false => None,
        };
        let journal_length = journal.storage.length()?;
        if journal_length > 0 {
            journal.storage.set_length(0)?;
        }
        let mut committer = Committer {
            journal,
            is_ordered: checkpoint.is_ordered,
            slot: 0,
            number: 0,
            position: COMMITS,
            end,
            published: end,
            ahead: options.headroom,
            opening_time: options.opening_time,
            has_superblock: superblock.is_some(),
            is_torn: false,
            root: RootCopies::new(data, home, options.headroom)?,
            checkpoint,
            directory,
        };
        // The first commit makes the header durable before it changes anything.
        committer.write_header(false)?;
        Ok(committer)
    }

    pub fn published(&self) -> u64 {
        self.published
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    /// Returns how many bytes behind the end are for copies of the root group in the next commit.
    pub fn room_for_copies(&self) -> u64 {
        self.root.room()
    }

    /// Returns a length of the file that is more than the superblock says after the first commit, if that can have an end with
    /// room behind the file.
    pub fn first_length(&self) -> Option<u64> {
        // The end grows until then.
        (self.end > 0 && self.ahead > 0 && self.has_superblock)
            .then(|| self.end.saturating_add(self.ahead.saturating_mul(2)))
    }

    /// Makes a commit.
    ///
    /// # Errors
    /// If there is no room, nothing has changed, and the commit can be tried again together with later changes.
    pub fn commit(&mut self, data: &Storage, changes: &Changes<'_>) -> Result<()> {
        let must_move =
            self.published < changes.end || self.root.must_move(data, self.published, changes)?;
        if self.end > 0 && must_move {
            self.make_room(data, changes)?;
            if self.ahead > 0 {
                data.wait_for_readers(self.opening_time);
            }
        }
        self.commit_all(data, changes, changes.end)?;
        self.root.enlarge_room();
        Ok(())
    }

    /// Makes a commit. Copies of the root group are behind `allocated`.
    fn commit_all(&mut self, data: &Storage, changes: &Changes<'_>, allocated: u64) -> Result<()> {
        let is_ordered = self.is_ordered;
        let is_checkpoint = changes.kind.is_checkpoint();
        data.lengthen(changes.published)?;
        // Space that is allocated but not written yet may be written by a later commit, which must not fail then.
        data.allocate(self.end, changes.end)?;
        let root = self
            .root
            .show(data, changes.overlay, changes.published, allocated)?;
        let commit = changes.commit(data, root.as_ref(), self.number + 1, self.end)?;
        if self.has_already(changes, &commit) {
            return Ok(());
        }
        let encoded = commit.encode();
        if self.end > 0 {
            changes.write_fresh(data, root.as_ref(), self.end, |_| true)?;
        }
        self.journal.storage.write(self.position, &encoded)?;
        let applied = self.apply(data, changes, root.as_ref(), &commit);
        if applied.is_ok() || self.is_torn || !self.withdraw(data) {
            self.number = commit.number;
            self.position += encoded.len() as u64;
        }
        applied?;
        if let Some(root) = root {
            self.root.shown(root);
        }
        self.end = changes.end;
        if self.published < changes.published && self.end < changes.published {
            lengthen(data, changes.published.saturating_add(self.ahead));
        }
        self.published = changes.published;
        if is_ordered && is_checkpoint {
            data.synchronise()?;
        }
        if !is_ordered || is_checkpoint {
            self.set_checkpoint()?;
        }
        Ok(())
    }

    /// Moves the end in the superblock, and the root group into a copy, in a commit of its own. The superblock is the last
    /// that a commit changes, so that readers would find what is behind the end before.
    fn make_room(&mut self, data: &Storage, next: &Changes<'_>) -> Result<()> {
        let mut first = [0; superblock::LENGTH];
        data.read(0, &mut first)?;
        let Some(superblock) = Superblock::of(&first) else {
            return Ok(());
        };
        // A commit that leaves no room cannot be made before readers are away from the places that it needs, and from the
        // home of the root group.
        let published = next.end_with_room(self.ahead);
        let changed = superblock.set_end(&mut first, published);
        let mut overlay = Overlay::default();
        overlay.put(changed.start as u64, Content::Superblock, &first[changed]);
        let changes = Changes {
            overlay: &overlay,
            end: self.end,
            published,
            kind: CommitKind::Visible,
        };
        self.commit_all(data, &changes, next.end)
    }

    /// Gives the file its length and removes the journal, after the last commit.
    pub fn finish(&mut self, data: &Storage, has_reserve: bool) -> Result<()> {
        // A reader who has found a copy of the root group in the superblock is about to read it.
        data.wait_for_readers(self.root.rest(self.opening_time));
        // Setting the length that the file has gives back what was reserved behind it.
        if has_reserve || data.length()? != self.end {
            data.set_length(self.end)?;
        }
        self.journal.remove()
    }

    /// Removes the journal, of which nothing is needed.
    pub fn remove_journal(&self) -> Result<()> {
        self.journal.remove()
    }

    /// Gives the file the length that it had at the last commit, and removes the journal. Leaves both as they are if
    /// the last commit is only partly in the file.
    pub fn restore(&mut self, data: &Storage) -> Result<()> {
        if self.is_torn {
            return Ok(());
        }
        let mut first = [0; superblock::LENGTH];
        data.read(0, &mut first)?;
        match Superblock::of(&first) {
            // Another program has changed the file.
            Some(superblock) if superblock.end(&first) != self.published => {}
            Some(superblock) => {
                let home = self.root.home().unwrap_or(superblock.root(&first));
                let changed = superblock.set_end_and_root(&mut first, self.end, home);
                data.write(changed.start as u64, &first[changed])?;
                data.set_length(self.end)?;
            }
            None if self.end == 0 && first[..8] == [0; 8] => data.set_length(0)?,
            None => {}
        }
        self.journal.remove()
    }

    /// Returns `true` if the file has the changes of a commit, as durably as is asked for.
    fn has_already(&self, changes: &Changes<'_>, commit: &Commit) -> bool {
        let is_checkpoint = self.checkpoint.number == self.number;
        commit.changes.is_empty()
            && (changes.end, changes.published) == (self.end, self.published)
            && (is_checkpoint || !changes.kind.is_checkpoint())
            && !self.is_torn
            // The first commit makes the file known.
            && self.number > 0
    }

    /// Brings a commit that is in the journal into the file.
    fn apply(
        &mut self,
        data: &Storage,
        changes: &Changes<'_>,
        root: Option<&ShownRoot>,
        commit: &Commit,
    ) -> Result<()> {
        if self.is_ordered {
            self.journal.storage.synchronise()?;
            self.synchronise_names()?;
        }
        if self.end == 0 {
            // A superblock refers to everything else, so that has to be there first.
            let is_superblock = |content| content == Content::Superblock;
            changes.write_fresh(data, root, 0, |content| !is_superblock(content))?;
            changes.write_fresh(data, root, 0, is_superblock)?;
        }
        let write = |change: &Change| data.write(change.address, &change.new);
        let written = commit.changes.iter().try_for_each(write);
        match &written {
            Ok(()) => self.is_torn = false,
            Err(_) => {
                let restore = |change: &Change| data.write(change.address, &change.old);
                let restored = commit.changes.iter().rev().try_for_each(restore);
                self.is_torn |= restored.is_err();
            }
        }
        written
    }

    /// Removes a commit that is not in the file from the end of the journal. Otherwise it would be made again after a
    /// kill, when what it refers to may have been replaced by that of a later one.
    fn withdraw(&self, data: &Storage) -> bool {
        let ordered = match self.is_ordered {
            true => data.synchronise(),
            false => Ok(()),
        };
        let withdrawn = ordered.and_then(|()| {
            let nothing = [0; Commit::HEAD];
            self.journal.storage.write(self.position, &nothing)
        });
        if let Err(error) = &withdrawn {
            tracing::debug!(%error, "a commit that has failed remains in the journal");
        }
        withdrawn.is_ok()
    }

    fn set_checkpoint(&mut self) -> Result<()> {
        self.checkpoint.number = self.number;
        self.checkpoint.end = self.end;
        self.checkpoint.published = self.published;
        self.checkpoint.home = self.root.home();
        self.root.set_checkpoint();
        self.write_header(self.is_ordered)?;
        self.position = COMMITS;
        Ok(())
    }

    fn write_header(&mut self, is_durable: bool) -> Result<()> {
        let journal = &self.journal.storage;
        journal.write(SLOTS[self.slot], &self.checkpoint.encode())?;
        if is_durable {
            journal.synchronise()?;
        }
        self.slot = 1 - self.slot;
        Ok(())
    }

    /// Makes sure that a power failure does not cost the names of the file and of its journal.
    fn synchronise_names(&mut self) -> Result<()> {
        if let Some(directory) = &self.directory {
            directory.synchronise()?;
            self.directory = None;
        }
        Ok(())
    }
}
