//! A file in a folder of its own, and h5py as its reader.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use journal::{Durability, Journal, Observer, Operation, Options, Target};
use serde_json::Value as Json;

use crate::common::hdf5::{Bounds, File};

/// Room behind the end of files, so small that it has to be moved several times.
pub const HEADROOM: u64 = 64 << 10;

/// Prints what is in each file, as a JSON object with the paths of datasets, groups and attributes.
const WALK: &str = "
import json, sys, h5py
locking = None if sys.argv[1] == 'default' else False
plain = lambda value: value.tolist() if hasattr(value, 'tolist') else value
def walk(path):
    found = {}
    def add(name, item):
        for key, value in item.attrs.items():
            found[name + '@' + key] = plain(value)
        if isinstance(item, h5py.Dataset):
            found[name] = plain(item.asstr()[()] if item.dtype.kind == 'O' else item[()])
        else:
            found[name] = None
    with h5py.File(path, 'r', locking=locking) as file:
        add('/', file)
        file.visititems(add)
    return found
for path in sys.argv[2:]:
    print(json.dumps(walk(path)))
";

/// How h5py opens a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it does without an argument: with a shared lock.
    Locked,
    /// With `locking=False`.
    Unlocked,
}

/// What h5py finds in a file, by path.
pub type Found = BTreeMap<String, Json>;

/// A file in a folder of its own.
#[derive(Debug)]
pub struct Fixture {
    folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::of(tempfile::tempdir().unwrap())
    }

    /// Makes a folder on a file system that is local on every Linux.
    pub fn in_memory() -> Fixture {
        Fixture::of(tempfile::tempdir_in("/dev/shm").unwrap())
    }

    fn of(folder: tempfile::TempDir) -> Fixture {
        let path = folder.path().join("scans.h5");
        Fixture { folder, path }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn journal(&self) -> PathBuf {
        journal_of(&self.path)
    }

    /// Creates the file.
    pub fn create(&self, journal: &Journal) -> File {
        File::create(&self.path, Some(journal), Bounds::Earliest, 0).unwrap()
    }

    /// Opens the file for writing.
    pub fn open(&self, journal: &Journal) -> File {
        File::open(&self.path, Some(journal)).unwrap()
    }

    /// Returns the file and its journal as they remained if the writer was killed now.
    pub fn killed(&self) -> Fixture {
        let killed = Fixture::new();
        fs::copy(&self.path, &killed.path).unwrap();
        if self.journal().exists() {
            fs::copy(self.journal(), killed.journal()).unwrap();
        }
        killed
    }

    /// Returns what h5py finds in the file.
    pub fn found(&self, reading: Reading) -> Found {
        let mut found = walk(reading, &[&self.path]);
        found.pop().unwrap()
    }

    /// Lets the journal be as if the system had been started again since.
    pub fn in_another_boot(&self) {
        let journal = fs::read(self.journal()).unwrap();
        fs::write(self.journal(), testing::in_another_boot(journal)).unwrap();
    }

    pub fn length(&self) -> u64 {
        fs::metadata(&self.path).unwrap().len()
    }
}

pub fn journal_of(path: &Path) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(".journal");
    path.into()
}

/// Returns what h5py finds in these files.
pub fn walk(reading: Reading, paths: &[&Path]) -> Vec<Found> {
    let locking = match reading {
        Reading::Locked => "default",
        Reading::Unlocked => "none",
    };
    let mut python = h5py(WALK);
    let printed = testing::output(python.arg(locking).args(paths));
    let lines = printed.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Returns the command of a Python program.
pub fn h5py(program: &str) -> Command {
    let mut python = testing::python();
    python
        .env_remove("HDF5_USE_FILE_LOCKING")
        .args(["-c", program]);
    python
}

/// Lets h5py change a file: `change` are Python statements about `file`.
pub fn change(path: &Path, change: &str) {
    let program = format!(
        "
import sys, h5py, numpy
with h5py.File(sys.argv[1], 'r+') as file:
    {change}
"
    );
    testing::output(h5py(&program).arg(path));
}

/// Makes a journal whose commits are not durable, for a file with little room behind its end.
pub fn journal(observer: Option<Arc<dyn Observer>>) -> Journal {
    Journal::new(options(Durability::Unordered, observer))
}

pub fn options(durability: Durability, observer: Option<Arc<dyn Observer>>) -> Options {
    Options {
        durability,
        headroom: HEADROOM,
        opening_time: Duration::ZERO,
        observer,
        ..Options::default()
    }
}

/// Copies the file and its journal before each change of one of them: what remains if the writer is killed then.
#[derive(Debug)]
pub struct Kills {
    path: PathBuf,
    remains: Mutex<Vec<Fixture>>,
}

impl Kills {
    pub fn of(fixture: &Fixture) -> Arc<Kills> {
        Arc::new(Kills {
            path: fixture.path.clone(),
            remains: Mutex::default(),
        })
    }

    /// Returns the number of copies.
    pub fn count(&self) -> usize {
        self.remains.lock().unwrap().len()
    }

    pub fn take(&self) -> Vec<Fixture> {
        std::mem::take(&mut *self.remains.lock().unwrap())
    }
}

impl Observer for Kills {
    fn before(&self, _target: Target, operation: Operation<'_>) -> io::Result<()> {
        let is_visible = !matches!(operation, Operation::Synchronise | Operation::Allocate(..));
        // Before the journal is made there is nothing to copy.
        if !is_visible || !journal_of(&self.path).exists() {
            return Ok(());
        }
        let remains = Fixture::new();
        fs::copy(&self.path, &remains.path)?;
        fs::copy(journal_of(&self.path), remains.journal())?;
        self.remains.lock().unwrap().push(remains);
        Ok(())
    }
}
