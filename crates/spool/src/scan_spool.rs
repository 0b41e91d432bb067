//! The spool of one scan: a folder that one process holds.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::directory::SpoolDirectory;
use super::folder_lock::FolderLock;
use super::index::{RecordPlace, RecordedEnd, SpoolIndex};
use super::record::{MAGIC, RecordTooLarge, SpoolRecord};

/// Number of the file that is kept to the end: what the scan is, its documents, and streams of other things than
/// numbers.
pub(crate) const SCAN_FILE: u32 = 0;

/// How long a spool may be locked before another process has it.
const LOCK_TIMEOUT: Duration = Duration::from_millis(100);
/// Time between two attempts to lock it.
const LOCK_POLL: Duration = Duration::from_millis(10);

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// Another process has it.
    #[error("the spool {} is held by another process", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
    },
    /// The name of the scan cannot be the name of a folder.
    #[error("scan {scan} cannot be spooled: its name is too long")]
    Name {
        /// Name of the scan.
        scan: String,
    },
    /// The spools have no more room.
    #[error("the spool {} is full ({} MB): what Redis drops is lost", directory.display(), size / 1_000_000)]
    Full {
        /// The directory of all spools.
        directory: PathBuf,
        /// The bytes that they may have.
        size: u64,
    },
    /// An entry is larger than the format allows.
    #[error("cannot write into the spool {}", folder.display())]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// How large it is.
        source: RecordTooLarge,
    },
    /// The system refuses.
    #[error("cannot use the spool {}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The spool of one scan. It is held until it is dropped.
#[derive(Debug)]
pub struct ScanSpool {
    directory: SpoolDirectory,
    folder: PathBuf,
    scan: String,
    state: Mutex<SpoolState>,
}

#[derive(Debug, Default)]
pub(crate) struct SpoolState {
    /// The lock, if the folder exists.
    pub lock: Option<FolderLock>,
    pub index: SpoolIndex,
    /// Length of what is whole of [`SCAN_FILE`].
    pub scan_file_length: u64,
    /// The largest number of a file.
    pub last_file: u32,
}

impl ScanSpool {
    pub(crate) fn take(
        directory: SpoolDirectory,
        folder: PathBuf,
        scan: &str,
    ) -> Result<ScanSpool, SpoolError> {
        let spool = ScanSpool::empty(directory, folder, scan);
        if spool.folder.is_dir() {
            spool.state().lock = Some(spool.locked_soon()?);
            spool.read_files().map_err(|source| spool.io(source))?;
        }
        Ok(spool)
    }

    /// Reads a spool that another process may have.
    pub(crate) fn look(
        directory: SpoolDirectory,
        folder: PathBuf,
        scan: &str,
    ) -> Result<ScanSpool, SpoolError> {
        let spool = ScanSpool::empty(directory, folder, scan);
        let read = fs::read(spool.file(SCAN_FILE)).map_err(|source| spool.io(source))?;
        spool.state().index.add_file(SCAN_FILE, &read);
        Ok(spool)
    }

    /// Reads what a spool says about its scan as a whole, if no process has it.
    pub(crate) fn look_at_abandoned(
        directory: SpoolDirectory,
        folder: PathBuf,
        scan: &str,
    ) -> Result<ScanSpool, SpoolError> {
        let spool = ScanSpool::empty(directory.clone(), folder.clone(), scan);
        let io = |source| spool.io(source);
        if spool.lock_file().exists() && spool.numbers().map_err(io)?.is_empty() {
            // A process that was removing the spool was killed.
            let lock = spool.locked()?;
            spool.state().lock = Some(lock);
            spool.remove()?;
        }
        let looked = ScanSpool::look(directory, folder, scan)?;
        let _unused = looked.locked()?;
        Ok(looked)
    }

    fn empty(directory: SpoolDirectory, folder: PathBuf, scan: &str) -> ScanSpool {
        ScanSpool {
            directory,
            folder,
            scan: scan.to_owned(),
            state: Mutex::default(),
        }
    }

    /// Returns the directory of all spools.
    pub fn directory(&self) -> &SpoolDirectory {
        &self.directory
    }

    /// Returns the name of the scan.
    pub fn scan(&self) -> &str {
        &self.scan
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns `true` if the spool exists: something was recorded.
    pub fn exists(&self) -> bool {
        self.state().lock.is_some()
    }

    /// Returns what was recorded about the scan as a whole: a JSON object.
    pub fn about(&self) -> Option<Bytes> {
        self.state().index.scan.clone()
    }

    /// Returns the last document that was recorded, and the number of the state of the scan before that.
    pub fn document(&self) -> Option<(u8, Bytes)> {
        self.state().index.document.clone()
    }

    /// Removes the spool, because nothing of it is needed any more.
    ///
    /// # Errors
    /// If the system refuses. Then the spool is found again later.
    pub fn remove(&self) -> Result<(), SpoolError> {
        let mut state = self.state();
        if state.lock.is_none() {
            return Ok(());
        }
        // Nobody who waits for the lock may find a spool that is half removed.
        let removed = || {
            for number in self.numbers()? {
                fs::remove_file(self.file(number))?;
            }
            fs::remove_file(self.lock_file())
        };
        removed().map_err(|source| self.io(source))?;
        *state = SpoolState::default();
        match fs::remove_dir(&self.folder) {
            // Something else in it is not ours, and stays.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed.map_err(|source| self.io(source)),
        }
    }

    /// Returns the first record of a stream with points in this range.
    pub fn locate(&self, stream: &str, points: Range<u64>) -> Option<RecordPlace> {
        self.state().index.locate(stream, points)
    }

    /// Returns all records of a stream, in the order of their points.
    pub fn records(&self, stream: &str) -> Vec<RecordPlace> {
        self.state().index.records(stream)
    }

    /// Returns how far a stream was recorded.
    pub fn recorded_end(&self, stream: &str) -> RecordedEnd {
        self.state().index.recorded_end(stream)
    }

    /// Reads the entries of a record, as the server replied them. A record that cannot be read is forgotten.
    pub fn read(&self, stream: &str, place: RecordPlace) -> Option<Bytes> {
        let read = self.read_record(place);
        if read.is_none() {
            tracing::warn!(
                "cannot read points {} to {} of stream {stream} in the spool {}",
                place.first,
                place.end,
                self.folder.display()
            );
            self.state().index.remove(stream, place);
        }
        read
    }

    fn read_record(&self, place: RecordPlace) -> Option<Bytes> {
        let mut file = File::open(self.file(place.file)).ok()?;
        file.seek(SeekFrom::Start(place.offset)).ok()?;
        let mut record = vec![0; usize::try_from(place.length).ok()?];
        file.read_exact(&mut record).ok()?;
        let record = Bytes::from(record);
        match SpoolRecord::decode(&record)?.0 {
            SpoolRecord::Entries(entries) => Some(record.slice_ref(entries.reply)),
            _ => None,
        }
    }

    /// Locks the folder. A process that lists spools holds each of them for a moment.
    fn locked_soon(&self) -> Result<FolderLock, SpoolError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            match self.locked() {
                Err(SpoolError::Held { .. }) if Instant::now() < deadline => sleep(LOCK_POLL),
                locked => return locked,
            }
        }
    }

    /// Locks the folder.
    pub(crate) fn locked(&self) -> Result<FolderLock, SpoolError> {
        let lock = FolderLock::take(&self.lock_file()).map_err(|source| self.io(source))?;
        lock.ok_or_else(|| SpoolError::Held {
            folder: self.folder.clone(),
        })
    }

    /// Forgets what was recorded if somebody has removed the folder, so that the spool can be begun again.
    ///
    /// # Errors
    /// If the folder was removed.
    pub fn forget_if_removed(&self) -> Result<(), SpoolError> {
        let mut state = self.state();
        match &state.lock {
            Some(lock) if !lock.is_at(&self.lock_file()) => {
                *state = SpoolState::default();
                let text = "it was removed by another program";
                Err(self.io(io::Error::new(io::ErrorKind::NotFound, text)))
            }
            _ => Ok(()),
        }
    }

    fn read_files(&self) -> io::Result<()> {
        let mut state = self.state();
        for number in self.numbers()? {
            state.last_file = number;
            let path = self.file(number);
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                // The other files are of use without it.
                Err(error) if number != SCAN_FILE => {
                    tracing::warn!("cannot read {}: {error}", path.display());
                    continue;
                }
                Err(error) => return Err(error),
            };
            if is_foreign(&bytes) {
                let text = format!("{} has another format", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            let whole = state.index.add_file(number, &bytes);
            if number == SCAN_FILE {
                state.scan_file_length = whole as u64;
            }
        }
        Ok(())
    }

    /// Returns the numbers of the files, in order. Files and folders with other names are not ours.
    fn numbers(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".records"));
            let number = number.and_then(|number| number.parse::<u32>().ok());
            let is_own = |number: &u32| {
                self.file(*number) == entry.path()
                    && entry.file_type().is_ok_and(|kind| kind.is_file())
            };
            numbers.extend(number.filter(is_own));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn lock_file(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(crate) fn file(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}.records"))
    }

    pub(crate) fn io(&self, source: io::Error) -> SpoolError {
        SpoolError::Io {
            folder: self.folder.clone(),
            source,
        }
    }

    /// No code runs under the lock that could leave the state half changed.
    pub(crate) fn state(&self) -> MutexGuard<'_, SpoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns `true` if a file begins with something else than a file of records, as far as it goes.
fn is_foreign(bytes: &[u8]) -> bool {
    let begin = &bytes[..bytes.len().min(MAGIC.len())];
    !MAGIC.starts_with(begin)
}
