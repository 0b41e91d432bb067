//! The file of a journal.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::lock;
use crate::options::Options;
use crate::storage::{Storage, Target};

/// The journal of a file, which this process has locked.
#[derive(Debug)]
pub(crate) struct LockedJournal {
    pub storage: Storage,
    is_locked: bool,
    is_kept: bool,
}

impl LockedJournal {
    pub fn open(data: &Path, options: &Options) -> Result<LockedJournal> {
        let path = journal_path(data);
        let file = lock::open_journal(&path, data, options.lock)?;
        Ok(LockedJournal {
            storage: Storage::new(file, &path, Target::Journal, options.observer.clone()),
            is_locked: options.lock,
            is_kept: false,
        })
    }

    /// Lets the journal stay when this value is dropped.
    pub fn keep(mut self) -> LockedJournal {
        self.is_kept = true;
        self
    }

    /// Removes the journal, whose file is in order.
    pub fn remove(&self) -> Result<()> {
        let path = self.storage.path();
        let removed = lock::is_at(self.storage.file(), path).and_then(|is_there| match is_there {
            true => std::fs::remove_file(path),
            false => Ok(()),
        });
        removed.map_err(|source| Error::io(path.to_owned(), "remove", source))
    }
}

impl Drop for LockedJournal {
    fn drop(&mut self) {
        // What is in an empty journal, nobody needs.
        if !self.is_kept
            && self.storage.length().is_ok_and(|length| length == 0)
            && let Err(error) = self.remove()
        {
            tracing::debug!(%error, "an empty journal remains");
        }
        if self.is_locked {
            lock::unlock(self.storage.file());
        }
    }
}

/// Returns the path of the journal of a file.
pub(crate) fn journal_path(data: &Path) -> PathBuf {
    let mut path = data.as_os_str().to_owned();
    path.push(".journal");
    PathBuf::from(path)
}
