//! Brings a file into order that an ended program had open for writing.

use std::fs::File;
use std::path::Path;

use crate::error::{Error, Result};
use crate::format::{COMMITS, Commit, Header};
use crate::host;
use crate::lock;
use crate::locked_journal::{LockedJournal, journal_path};
use crate::options::Options;
use crate::overlay::{Content, Overlay};
use crate::root::{self, Found};
use crate::root_copies::MOST_OF_COPY;
use crate::storage::{Storage, Target};
use crate::superblock::{self, Superblock};

/// Disks write sectors of at least this size as a whole.
const SECTOR: u64 = 512;

/// What was done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// There was no journal, or nothing in it.
    InOrder,
    /// The file is as it was at the last commit.
    Completed,
    /// The power has failed, and the file is as it was at the last checkpoint. This number of commits was undone.
    RolledBack(usize),
    /// Somebody else has changed the file since, so it was left as it is.
    Foreign,
}

/// Returns `true` if a program has the file open for writing, or was ended while it had.
#[must_use]
pub fn has_journal(path: &Path) -> bool {
    journal_path(path).exists()
}

/// Brings a file into order that an ended program had open for writing, and removes its journal. What was committed
/// stays.
///
/// # Errors
/// If another program has the file open for writing, or if it cannot be read or written.
pub fn recover(path: &Path, options: &Options) -> Result<Recovery> {
    let path_of_journal = journal_path(path);
    let has_journal = path_of_journal.try_exists();
    if !has_journal.map_err(|source| Error::io(path_of_journal, "look for", source))? {
        return Ok(Recovery::InOrder);
    }
    let journal = LockedJournal::open(path, options)?;
    let file = File::options().read(true).write(true).open(path);
    let file = match file {
        // The journal of a file that was removed.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            journal.remove()?;
            return Ok(Recovery::InOrder);
        }
        file => file.map_err(|source| Error::io(path.to_owned(), "open", source))?,
    };
    if options.lock {
        lock::lock_data(&file, path)?;
    }
    let data = Storage::new(file, path, Target::Data, options.observer.clone());
    let recovered = recover_locked(&journal.storage, &data).and_then(|recovery| {
        journal.remove()?;
        Ok(recovery)
    });
    if options.lock {
        lock::unlock(data.file());
    }
    recovered
}

/// Brings a file into order whose journal is locked. The journal stays.
pub(crate) fn recover_locked(journal: &Storage, data: &Storage) -> Result<Recovery> {
    let mut headers = [0; COMMITS as usize];
    journal.read(0, &mut headers)?;
    let Some(header) = Header::of_journal(&headers) else {
        return Ok(Recovery::InOrder);
    };
    let commits = commits(journal, header.number)?;
    let recovery = match header.is_ordered && header.boot != host::boot() {
        true => roll_back(data, &header, &commits)?,
        false => complete(data, &header, &commits)?,
    };
    let (file, process, host) = (data.path().display(), header.process, &header.host);
    match recovery {
        Recovery::InOrder | Recovery::Completed => {}
        Recovery::RolledBack(_) => tracing::warn!(
            "{file} is restored as it was at its last checkpoint: the power has failed while it was written (by process \
             {process} on {host})"
        ),
        Recovery::Foreign => tracing::warn!(
            "{file} was changed by another program after its last writer (process {process} on {host}) had ended, and is \
             left as it is"
        ),
    }
    Ok(recovery)
}

/// Reads the whole commits behind the checkpoint with this number.
fn commits(journal: &Storage, checkpoint: u64) -> Result<Vec<Commit>> {
    let end = journal.length()?;
    let mut position = COMMITS;
    let mut commits = Vec::new();
    let mut next = None;
    loop {
        let mut head = [0; Commit::HEAD];
        journal.read(position, &mut head)?;
        let Some((number, length)) = Commit::decode_head(&head) else {
            return Ok(commits);
        };
        // Commits up to the checkpoint are still there if it was not known to be durable when the next was made.
        let follows = match next {
            None => number <= checkpoint.saturating_add(1),
            Some(next) => number == next,
        };
        let (true, Some(behind)) = (follows, position.checked_add(length)) else {
            return Ok(commits);
        };
        // The length of a file costs nothing, but memory does.
        if behind > end {
            return Ok(commits);
        }
        let Some(commit) = Commit::decode(&read_all(journal, position, length)?) else {
            return Ok(commits);
        };
        if number > checkpoint {
            commits.push(commit);
        }
        position = behind;
        next = number.checked_add(1);
    }
}

fn read_all(journal: &Storage, position: u64, length: u64) -> Result<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    let reserved = match usize::try_from(length) {
        Ok(length) => bytes.try_reserve_exact(length).map(|()| length).ok(),
        Err(_) => None,
    };
    let Some(length) = reserved else {
        let source = std::io::ErrorKind::OutOfMemory.into();
        return Err(Error::io(journal.path().to_owned(), "read", source));
    };
    bytes.resize(length, 0);
    journal.read(position, &mut bytes)?;
    Ok(bytes)
}

/// Makes the last commit again.
fn complete(data: &Storage, header: &Header, commits: &[Commit]) -> Result<Recovery> {
    let last = commits.last();
    let (end, published) = last.map_or((header.end, header.published), |commit| {
        (commit.end, commit.published)
    });
    let mut new = Overlay::default();
    for change in last.iter().flat_map(|commit| &commit.changes) {
        new.put(change.address, change.content, &change.new);
    }
    let Some(end_in_file) = EndInFile::find(data, &new, [published, end], header)? else {
        return Ok(Recovery::Foreign);
    };
    let is_own = end_in_file.is_restored(data, &new, end)?
        || is_one_of(data, new.clone(), last.map_or(&[], std::slice::from_ref))?;
    if !is_own {
        return Ok(Recovery::Foreign);
    }
    restore(data, &new)?;
    end_in_file.set(data, end)?;
    Ok(Recovery::Completed)
}

/// Restores the checkpoint.
fn roll_back(data: &Storage, header: &Header, commits: &[Commit]) -> Result<Recovery> {
    if header.end == 0 {
        return roll_back_new(data, commits);
    }
    // What is behind the checkpoint may not have reached the disk. It is cut off.
    let commits: Vec<Commit> = commits
        .iter()
        .map(|commit| before_end(commit, header.end))
        .collect();
    let (mut new, mut old) = (Overlay::default(), Overlay::default());
    for change in commits.iter().flat_map(|commit| &commit.changes) {
        new.put(change.address, change.content, &change.new);
    }
    for change in commits.iter().rev().flat_map(|commit| &commit.changes) {
        old.put(change.address, change.content, &change.old);
    }
    let ends = [header.published, header.end];
    let found = EndInFile::find(data, &old, ends, header)?;
    let Some(end_in_file) = found else {
        return Ok(Recovery::Foreign);
    };
    let is_own =
        end_in_file.is_restored(data, &old, header.end)? || is_one_of(data, new, &commits)?;
    if !is_own {
        return Ok(Recovery::Foreign);
    }
    restore(data, &old)?;
    end_in_file.set(data, header.end)?;
    Ok(Recovery::RolledBack(commits.len()))
}

/// Empties a file that was new, and of which nothing is certain.
fn roll_back_new(data: &Storage, commits: &[Commit]) -> Result<Recovery> {
    let mut first = [0; superblock::LENGTH];
    data.read(0, &mut first)?;
    let is_published = |end| commits.iter().any(|commit| commit.published == end);
    let is_own = match Superblock::of(&first) {
        Some(superblock) => is_published(superblock.end(&first)),
        None => first[..8] == [0; 8] && !Superblock::is_in(data)?,
    };
    if !is_own {
        return Ok(Recovery::Foreign);
    }
    EndInFile::Nothing.set(data, 0)?;
    Ok(Recovery::RolledBack(commits.len()))
}

/// Writes these bytes, durably.
fn restore(data: &Storage, bytes: &Overlay) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    for (address, extent) in bytes.iter() {
        data.write(address, &extent.bytes)?;
    }
    data.synchronise()
}

/// Returns what a commit has changed before this end.
fn before_end(commit: &Commit, end: u64) -> Commit {
    let mut commit = commit.clone();
    for change in &mut commit.changes {
        let length = end
            .saturating_sub(change.address)
            .min(change.new.len() as u64);
        change.new.truncate(length as usize);
        change.old.truncate(length as usize);
    }
    commit.changes.retain(|change| !change.new.is_empty());
    commit
}

/// Returns `true` if each sector that these commits have changed has the content of one moment: after all of them,
/// before one of them, or in between, when a part of the sector was written. `version` is what they wrote last.
fn is_one_of(data: &Storage, mut version: Overlay, commits: &[Commit]) -> Result<bool> {
    let mut unknown = Vec::new();
    for (address, extent) in version.iter() {
        let end = address + extent.bytes.len() as u64;
        let mut begin = address;
        while begin < end {
            let behind = end.min((begin / SECTOR + 1) * SECTOR);
            let mut bytes = vec![0; (behind - begin) as usize];
            data.read(begin, &mut bytes)?;
            unknown.push((begin, bytes));
            begin = behind;
        }
    }
    if commits.is_empty() {
        return Ok(unknown.is_empty());
    }
    for commit in commits.iter().rev() {
        let after = version.clone();
        for change in &commit.changes {
            version.put(change.address, Content::Raw, &change.old);
        }
        unknown.retain(|(address, bytes)| {
            let content = |version: &Overlay| {
                let mut expected = vec![0; bytes.len()];
                version.patch(*address, &mut expected);
                expected
            };
            !is_between(bytes, &content(&after), &content(&version))
        });
    }
    Ok(unknown.is_empty())
}

/// Returns `true` if the beginning of `bytes` is that of `new`, and the rest that of `old`.
fn is_between(bytes: &[u8], new: &[u8], old: &[u8]) -> bool {
    let written = bytes.iter().zip(new).take_while(|(a, b)| a == b).count();
    bytes[written..] == old[written..]
}

/// The end of the file in its superblock.
#[derive(Debug, Clone, Copy)]
enum EndInFile {
    /// The superblock has the end, and refers to the root group at the second address, or to a copy for readers.
    Superblock(Superblock, u64),
    /// The file has a user block or other addresses, so that its end is not changed.
    Other,
    /// The file was new, and nothing of it was written yet.
    Nothing,
}

impl EndInFile {
    /// Returns `None` if the file is shorter than `end`, or if the end is neither `published` nor `end` when these bytes
    /// are restored. It is `end` if a recovery has not finished.
    fn find(
        data: &Storage,
        restored: &Overlay,
        [published, end]: [u64; 2],
        header: &Header,
    ) -> Result<Option<EndInFile>> {
        let is_new = header.end == 0;
        let mut first = [0; superblock::LENGTH];
        data.read(0, &mut first)?;
        restored.patch(0, &mut first);
        // The file has its length before a commit says so.
        if data.length()? < end {
            return Ok(None);
        }
        Ok(match Superblock::of(&first) {
            Some(superblock) if [published, end].contains(&superblock.end(&first)) => {
                let home = home(data, superblock.root(&first), end, header.home)?;
                home.map(|home| EndInFile::Superblock(superblock, home))
            }
            Some(_) => None,
            None if is_new && first[..8] == [0; 8] && !Superblock::is_in(data)? => {
                Some(EndInFile::Nothing)
            }
            None => Some(EndInFile::Other),
        })
    }

    /// Returns `true` if the file has all of these bytes, and its end: a recovery before has only not removed the
    /// journal.
    fn is_restored(self, data: &Storage, restored: &Overlay, end: u64) -> Result<bool> {
        let mut expected = restored.clone();
        if let EndInFile::Superblock(superblock, home) = self {
            let mut first = [0; superblock::LENGTH];
            data.read(0, &mut first)?;
            restored.patch(0, &mut first);
            let changed = superblock.set_end_and_root(&mut first, end, home);
            let address = changed.start as u64;
            expected.put(address, Content::Superblock, &first[changed]);
        }
        for (address, extent) in expected.iter() {
            let mut found = vec![0; extent.bytes.len()];
            data.read(address, &mut found)?;
            if found != extent.bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives the file an end, durably.
    fn set(self, data: &Storage, end: u64) -> Result<()> {
        match self {
            EndInFile::Superblock(superblock, home) => {
                let mut first = [0; superblock::LENGTH];
                data.read(0, &mut first)?;
                if (superblock.end(&first), superblock.root(&first)) != (end, home) {
                    let changed = superblock.set_end_and_root(&mut first, end, home);
                    data.write(changed.start as u64, &first[changed])?;
                }
                if data.length()? != end {
                    data.set_length(end)?;
                }
                data.synchronise()
            }
            EndInFile::Nothing if data.length()? > 0 => data.set_length(0),
            EndInFile::Nothing | EndInFile::Other => Ok(()),
        }
    }
}

/// Returns where the header of the root group is if the superblock that is restored says that it is at `root`: there, or
/// where a copy for readers says, which is behind the end of the file. If there is no copy any more, because the file has
/// grown since, or a recovery before has cut it off, that is `known` or in the present superblock. Returns `None` if another
/// program has changed the copy to which that refers.
fn home(data: &Storage, root: u64, end: u64, known: Option<u64>) -> Result<Option<u64>> {
    let read = |address: u64, bytes: &mut [u8]| data.read(address, bytes);
    let mut first = [0; superblock::LENGTH];
    data.read(0, &mut first)?;
    let present = Superblock::of(&first).map(|superblock| superblock.root(&first));
    if let Some(present) = present
        && present >= end
        && root::find(&read, present, MOST_OF_COPY)? == Found::Other
    {
        return Ok(None);
    }
    if root < end {
        return Ok(Some(root));
    }
    let home = match root::find(&read, root, MOST_OF_COPY)? {
        Found::Copy(home) => Some(home),
        Found::Other | Found::Nothing => known.or(present),
    };
    Ok(home.filter(|home| *home < end))
}
