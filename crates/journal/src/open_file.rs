//! A file that the library has open: what it reads and writes, and what waits for the next commit.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use crate::changes::end_with_room;
use crate::committer::Committer;
use crate::error::{Error, Result};
use crate::free_space::{FreeSpace, Span};
use crate::lock;
use crate::locked_journal::LockedJournal;
use crate::options::Options;
use crate::overlay::{Content, Overlay};
use crate::own_files::OwnFile;
use crate::published_end::lengthen;
use crate::recovery::{self, Recovery};
use crate::root_copies;
use crate::storage::{Storage, Target};
use crate::superblock::{self, Superblock};

/// Overwritten raw data are compared and journalled in pieces of this size.
const PIECE: usize = 512;

/// The most raw data for which there was no room that are kept in memory.
const MAX_KEPT: u64 = 64 << 20;

/// A file of the library.
#[derive(Debug)]
pub(crate) struct OpenFile {
    /// `None` if the file is open for reading only. It is dropped before the file is closed: a file that was removed loses its
    /// inode then, and a new file may have the same one.
    _own: Option<OwnFile>,
    pub data: Storage,
    identity: (u64, u64),
    pub state: Mutex<State>,
    /// Wakes those who wait for the end of a commit.
    pub committed: Condvar,
    /// `None` if the file is open for reading only.
    pub committer: Mutex<Option<Committer>>,
    /// What was done when the file was opened.
    pub recovery: Recovery,
    with_lock: bool,
}

/// What the library has changed since the last commit.
#[derive(Debug)]
pub(crate) struct State {
    pub overlay: Overlay,
    /// What is being committed.
    pub frozen: Option<Arc<Overlay>>,
    /// The end of what the library has allocated.
    pub end: u64,
    /// The end of what the file has, in the view of the library.
    pub physical_end: u64,
    /// Nothing that was committed refers to what is behind this address, so raw data are written there at once.
    pub direct_from: u64,
    /// The end of the file in the superblock of the last commit.
    pub published: u64,
    /// Where copies of the root group are or were, for readers. The library may allocate these parts of the file, but
    /// nothing is written there before a commit.
    pub copies: Vec<Range<u64>>,
    /// How many bytes the next commit has for copies.
    pub room_for_copies: u64,
    /// Parts of the file that are used again. Only if the library does not do that itself.
    pub free_space: FreeSpace,
    /// Whether the superblock on disk does not tell of its extension.
    pub hides_extension: bool,
    /// The length that the file gets with its first change.
    pub lengthen_to: Option<u64>,
    /// Whether the library closes the file.
    pub is_closing: bool,
    pub is_changed: bool,
    /// Number of bytes of raw data in the overlay for which there was no room.
    pub kept: u64,
    /// The number of the system error for which raw data could not be written. What the library has in memory since
    /// refers to data that are not there, so it is never committed.
    pub unwritten: Option<i32>,
    /// Whether room was reserved behind the end of the file.
    pub has_reserve: bool,
    /// Why the last call of the library has failed.
    pub failure: Option<Error>,
}

impl State {
    /// Keeps the part of the file for copies of the root group that the next commit may need.
    pub fn keep_for_copies(&mut self, headroom: u64) {
        // A commit that leaves no room behind the end may need some before.
        let end = end_with_room(self.published, self.end, headroom);
        let copies = root_copies::places(end, self.room_for_copies);
        if copies.start >= self.end && self.copies.last() != Some(&copies) {
            self.copies.push(copies);
        }
    }
}

/// How the library opens a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access {
    pub writes: bool,
    pub creates: bool,
    pub truncates: bool,
    pub must_be_new: bool,
}

impl OpenFile {
    /// Opens a file. If it is opened for writing, what an ended program has left is brought into order before.
    pub fn open(path: &Path, access: Access, options: &Options) -> Result<OpenFile> {
        let failed = |source| Error::io(path.to_owned(), "open", source);
        // The library asks first whether there is a file that it will create then.
        if access.writes && !access.creates {
            std::fs::metadata(path).map_err(failed)?;
        }
        let journal = match access.writes {
            true => Some(LockedJournal::open(path, options)?),
            false => None,
        };
        let mut open = File::options();
        open.read(true).write(access.writes);
        if access.must_be_new {
            open.create_new(access.creates);
        } else {
            open.create(access.creates);
        }
        let file = open.truncate(false).open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let identity = (metadata.dev(), metadata.ino());
        let own = match access.writes {
            true => Some(OwnFile::new(identity).ok_or_else(|| Error::Held {
                file: path.to_owned(),
            })?),
            false => None,
        };
        if access.writes && options.lock {
            lock::lock_data(&file, path)?;
        }
        let data = Storage::new(file, path, Target::Data, options.observer.clone());
        let mut recovery = Recovery::InOrder;
        if let Some(journal) = &journal {
            // A file is not emptied before it is known that nobody else writes it.
            match access.truncates || metadata.len() == 0 {
                // Setting the length of a file that is empty makes its closing wait for the disk on some systems.
                true if metadata.len() == 0 => {}
                true => data.set_length(0)?,
                false => recovery = recovery::recover_locked(&journal.storage, &data)?,
            }
        }
        let length = data.length()?;
        let committer = match journal {
            Some(journal) => Some(Committer::begin(journal.keep(), &data, options)?),
            None => None,
        };
        let lengthen_to = committer.as_ref().and_then(Committer::first_length);
        let (end, published) = match &committer {
            Some(committer) => (committer.end(), committer.published()),
            None => (length, length),
        };
        let state = State {
            overlay: Overlay::default(),
            frozen: None,
            end: 0,
            physical_end: length,
            direct_from: end,
            published,
            copies: Vec::new(),
            room_for_copies: committer.as_ref().map_or(0, Committer::room_for_copies),
            free_space: FreeSpace::default(),
            hides_extension: false,
            lengthen_to,
            is_closing: false,
            is_changed: false,
            kept: 0,
            unwritten: None,
            has_reserve: false,
            failure: None,
        };
        let file = OpenFile {
            data,
            identity,
            _own: own,
            state: Mutex::new(state),
            committed: Condvar::new(),
            committer: Mutex::new(committer),
            recovery,
            with_lock: options.lock && access.writes,
        };
        let mut state = file.state();
        state.hides_extension = access.writes && file.has_hideable_extension(&state)?;
        drop(state);
        Ok(file)
    }

    /// Returns `true` if right behind the superblock is the extension that can be hidden.
    pub fn has_hideable_extension(&self, state: &State) -> Result<bool> {
        let mut found = [0; superblock::EXTENSION_BEGIN.len()];
        self.read(state, superblock::EXTENSION, &mut found)?;
        Ok(found == superblock::EXTENSION_BEGIN)
    }

    /// Reads bytes for the library, which has to know of a hidden extension.
    pub fn read_for_library(&self, state: &State, address: u64, bytes: &mut [u8]) -> Result<()> {
        self.read(state, address, bytes)?;
        if !state.hides_extension || address >= superblock::EXTENSION {
            return Ok(());
        }
        let mut first = [0; superblock::LENGTH];
        self.read(state, 0, &mut first)?;
        if let Some(superblock) = Superblock::of(&first)
            && superblock.show_extension(&mut first)
        {
            let shown = &first[address as usize..superblock::EXTENSION as usize];
            let length = shown.len().min(bytes.len());
            bytes[..length].copy_from_slice(&shown[..length]);
        }
        Ok(())
    }

    /// Returns what is the same for two openings of one file.
    pub fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// No code runs under the lock that could leave the state half changed.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn committer(&self) -> MutexGuard<'_, Option<Committer>> {
        self.committer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads bytes as they are after the last write.
    pub fn read(&self, state: &State, address: u64, bytes: &mut [u8]) -> Result<()> {
        if let Some(whole) = state.overlay.whole(address, bytes.len()) {
            bytes.copy_from_slice(whole);
            return Ok(());
        }
        self.data.read(address, bytes)?;
        if let Some(frozen) = &state.frozen {
            frozen.patch(address, bytes);
        }
        state.overlay.patch(address, bytes);
        Ok(())
    }

    /// Writes bytes: raw data behind the last commit into the file, everything else into the overlay.
    pub fn write(
        &self,
        state: &mut State,
        address: u64,
        content: Content,
        bytes: &[u8],
    ) -> Result<()> {
        let end = address + bytes.len() as u64;
        state.is_changed = true;
        if let Some(length) = state.lengthen_to.take() {
            lengthen(&self.data, length);
        }
        state.physical_end = state.physical_end.max(end);
        let content = kind_of(content, bytes);
        if content != Content::Raw {
            state.overlay.put(address, content, bytes);
            return Ok(());
        }
        if state.free_space.is_fresh(address, bytes.len() as u64) {
            return self.write_raw(state, address, bytes);
        }
        let known = state.direct_from.clamp(address, end) - address;
        let (known, fresh) = bytes.split_at(known as usize);
        self.write_changed(state, address, known)?;
        self.write_fresh(state, address + known.len() as u64, fresh)
    }

    /// Writes raw data to which nothing refers that was committed. What would replace a copy of the root group waits for
    /// the next commit.
    fn write_fresh(&self, state: &mut State, address: u64, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let end = address + bytes.len() as u64;
        let hit = |copies: &&Range<u64>| copies.start < end && address < copies.end;
        let Some(copies) = state.copies.iter().find(hit).cloned() else {
            return self.write_raw(state, address, bytes);
        };
        let begin = copies.start.max(address);
        let (before, rest) = bytes.split_at((begin - address) as usize);
        let (waiting, behind) = rest.split_at((copies.end.min(end) - begin) as usize);
        state.overlay.put(begin, Content::Raw, waiting);
        self.write_fresh(state, address, before)?;
        self.write_fresh(state, begin + waiting.len() as u64, behind)
    }

    /// Writes raw data to which nothing refers that was committed. If there is no room, they wait for the next commit,
    /// like metadata, as far as memory allows. (HDF5 1.14 crashes if it cannot write what a dataset has in memory when
    /// the dataset is closed.)
    fn write_raw(&self, state: &mut State, address: u64, bytes: &[u8]) -> Result<()> {
        // What was kept for want of room is replaced as well.
        state.overlay.remove(address, address + bytes.len() as u64);
        let Err(error) = self.data.write(address, bytes) else {
            return Ok(());
        };
        let kept = state.kept.saturating_add(bytes.len() as u64);
        if matches!(error, Error::NoRoom { .. }) && kept <= MAX_KEPT {
            state.kept = kept;
            state.overlay.put(address, Content::Raw, bytes);
            return Ok(());
        }
        let number = error.system().and_then(std::io::Error::raw_os_error);
        state.unwritten = Some(number.unwrap_or(Errno::IO.raw_os_error()));
        Err(error)
    }

    /// # Errors
    /// If raw data could not be written.
    pub fn expect_written(&self, state: &State) -> Result<()> {
        match state.unwritten {
            Some(number) => {
                let source = std::io::Error::from_raw_os_error(number);
                Err(Error::io(self.data.path().to_owned(), "write", source))
            }
            None => Ok(()),
        }
    }

    /// Puts what is different from the present bytes into the overlay.
    fn write_changed(&self, state: &mut State, address: u64, bytes: &[u8]) -> Result<()> {
        let mut present = vec![0; bytes.len()];
        self.read(state, address, &mut present)?;
        let differs = |index: &usize| {
            let piece = index * PIECE..bytes.len().min((index + 1) * PIECE);
            bytes[piece.clone()] != present[piece]
        };
        let mut index = 0;
        let count = bytes.len().div_ceil(PIECE);
        while index < count {
            let length = (index..count).take_while(differs).count();
            let piece = index * PIECE..bytes.len().min((index + length) * PIECE);
            let at = address + piece.start as u64;
            state.overlay.put(at, Content::Raw, &bytes[piece]);
            index += length.max(1);
        }
        Ok(())
    }

    /// Reserves `size` bytes, and returns their address: at the end of the file, or, for raw data, in space that was
    /// freed.
    pub fn allocate(&self, state: &mut State, size: u64, is_raw: bool) -> u64 {
        if is_raw && let Some(address) = state.free_space.allocate(size) {
            return address;
        }
        let address = state.end;
        state.end += size;
        address
    }

    /// Takes back space. Space that a reader may know is not used again while the file is open.
    pub fn free(&self, state: &mut State, address: u64, size: u64) {
        let is_last = address.checked_add(size) == Some(state.end);
        if is_last && (state.is_closing || address >= state.direct_from) {
            state.overlay.remove(address, state.end);
            state.end = address;
            // The caller may release the same space later, which is not free any more.
            state.free_space.cut_off(Span {
                address,
                length: size,
            });
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if self.with_lock {
            lock::unlock(self.data.file());
        }
    }
}

/// Returns what bytes are that the library writes as this content.
fn kind_of(content: Content, bytes: &[u8]) -> Content {
    // Indices of chunks, and heaps, that the library writes as object headers: see `H5FDdevelop.h`. The header of a
    // dataset must not tell its length before its index has the chunks.
    const INDICES: [&[u8]; 5] = [b"EAHD", b"EAIB", b"FAHD", b"FRHP", b"FHIB"];
    let begins = |signature: &&[u8]| bytes.starts_with(signature);
    match content {
        // The library says that the collections of its global heap were raw data.
        Content::Raw if bytes.starts_with(b"GCOL") => Content::GlobalHeap,
        Content::ObjectHeader if INDICES.iter().any(begins) => Content::Tree,
        content => content,
    }
}
