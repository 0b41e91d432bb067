//! Writes into the spool of one scan.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::record::{MAGIC, SpoolRecord, SpooledEntries};
use super::scan_spool::{SCAN_FILE, ScanSpool, SpoolError};

/// Size from which on another file is begun. A file is removed as a whole when nothing of it is needed any more.
const FILE_SIZE: u64 = 64 << 20;
/// Shortest time between two calls of fdatasync.
const SYNC_PERIOD: std::time::Duration = std::time::Duration::from_secs(1);

/// Something to record, which owns its bytes.
#[derive(Debug, Clone)]
pub enum NewRecord {
    /// The document of the scan.
    Document {
        /// Number of the state of the scan before the document was read.
        state: u8,
        /// The document.
        text: Bytes,
    },
    /// Entries of a stream.
    Entries(NewEntries),
}

/// Entries of a stream to record, as a server has replied them.
#[derive(Debug, Clone)]
pub struct NewEntries {
    /// Name of the stream.
    pub stream: String,
    /// Set if these are points that are not needed once they are stored in a file.
    pub is_points: bool,
    /// Index of the first point.
    pub first: u64,
    /// Index behind the last point; equal to `first` if there are none.
    pub end: u64,
    /// The total number of points, if it is known that no more will come.
    pub total: Option<u64>,
    /// The reply.
    pub reply: Bytes,
}

impl NewEntries {
    fn record(&self) -> SpooledEntries<'_> {
        SpooledEntries {
            stream: &self.stream,
            first: self.first,
            end: self.end,
            total: self.total,
            reply: &self.reply,
        }
    }
}

/// Writes into the spool of one scan. Its methods wait for the disk.
#[derive(Debug)]
pub struct SpoolWriter {
    spool: Arc<ScanSpool>,
    scan_file: SpoolFile,
    /// The file to which points are added.
    points_file: Option<SpoolFile>,
    synced: Option<Instant>,
}

#[derive(Debug)]
struct SpoolFile {
    number: u32,
    file: File,
    length: u64,
    is_synced: bool,
}

impl SpoolWriter {
    /// Opens the spool to write, and makes it if it does not exist. `about` says which scan it is: a JSON object.
    ///
    /// # Errors
    /// If another process has it, or the system refuses.
    pub fn open(spool: &Arc<ScanSpool>, about: &[u8]) -> Result<SpoolWriter, SpoolError> {
        let io = |source| spool.io(source);
        if !spool.exists() {
            fs::create_dir_all(spool.folder()).map_err(io)?;
            let lock = spool.locked()?;
            spool.state().lock = Some(lock);
        }
        let length = spool.state().scan_file_length;
        let scan_file = SpoolFile::open(spool, SCAN_FILE, length).map_err(io)?;
        let mut writer = SpoolWriter {
            spool: spool.clone(),
            scan_file,
            points_file: None,
            synced: None,
        };
        if spool.about().is_none() {
            let mut bytes = Vec::new();
            writer.encode(&SpoolRecord::Scan(about), &mut bytes)?;
            writer.scan_file.append(&bytes).map_err(io)?;
            let mut state = writer.spool.state();
            state.index.scan = Some(Bytes::copy_from_slice(about));
            state.scan_file_length = writer.scan_file.length;
        }
        Ok(writer)
    }

    /// Appends records, as many as there is room for.
    ///
    /// # Errors
    /// If there is no room for one of them, or the system refuses. The records before it are appended.
    pub fn append(&mut self, records: &[NewRecord]) -> Result<(), SpoolError> {
        let directory = self.spool.directory().clone();
        let used = directory.used().map_err(|source| self.spool.io(source))?;
        let mut room = directory.size().saturating_sub(used);
        for record in records {
            room = room.saturating_sub(self.append_one(record, room)?);
        }
        Ok(())
    }

    /// Appends one record. Returns its length in the file.
    fn append_one(&mut self, record: &NewRecord, room: u64) -> Result<u64, SpoolError> {
        let mut bytes = Vec::new();
        let encoded = match record {
            NewRecord::Document { state, text } => SpoolRecord::Document {
                state: *state,
                text,
            },
            NewRecord::Entries(entries) => SpoolRecord::Entries(entries.record()),
        };
        self.encode(&encoded, &mut bytes)?;
        if bytes.len() as u64 > room {
            return Err(SpoolError::Full {
                directory: self.spool.directory().path().to_owned(),
                size: self.spool.directory().size(),
            });
        }
        let spool = self.spool.clone();
        let io = |source| spool.io(source);
        let is_points = matches!(record, NewRecord::Entries(entries) if entries.is_points);
        let file = match is_points {
            true => self.points_file().map_err(io)?,
            false => &mut self.scan_file,
        };
        let begin = file.length;
        file.append(&bytes).map_err(io)?;
        let (number, end) = (file.number, file.length);
        let mut state = spool.state();
        if number == SCAN_FILE {
            state.scan_file_length = end;
        }
        match record {
            NewRecord::Document {
                state: reached,
                text,
            } => state.index.document = Some((*reached, text.clone())),
            NewRecord::Entries(entries) => {
                // Offsets fit, because the file was written with them.
                let place = begin as usize..end as usize;
                state.index.add_entries(number, place, &entries.record());
            }
        }
        Ok(end - begin)
    }

    /// Brings everything to the disk, unless that was done less than a second ago.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        if self
            .synced
            .is_some_and(|synced| synced.elapsed() < SYNC_PERIOD)
        {
            return Ok(());
        }
        let files = std::iter::once(&mut self.scan_file).chain(&mut self.points_file);
        for file in files.filter(|file| !file.is_synced) {
            file.file
                .sync_data()
                .map_err(|source| self.spool.io(source))?;
            file.is_synced = true;
        }
        self.synced = Some(Instant::now());
        Ok(())
    }

    /// Removes the files of points of which nothing is needed. `is_needed` has the name of a stream and the index
    /// behind the last point of a record.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn reclaim(&mut self, is_needed: impl Fn(&str, u64) -> bool) -> Result<(), SpoolError> {
        let current = self.points_file.as_ref().map(|file| file.number);
        let last = self.spool.state().last_file;
        for number in SCAN_FILE + 1..=last {
            let path = self.spool.file(number);
            if Some(number) == current || !path.exists() {
                continue;
            }
            let is_unneeded = self.spool.state().index.remove_unneeded(number, &is_needed);
            if is_unneeded {
                fs::remove_file(path).map_err(|source| self.spool.io(source))?;
            }
        }
        Ok(())
    }

    fn points_file(&mut self) -> io::Result<&mut SpoolFile> {
        if self
            .points_file
            .as_ref()
            .is_none_or(|file| file.length >= FILE_SIZE)
        {
            if let Some(full) = &mut self.points_file {
                full.file.sync_data()?;
            }
            let number = {
                let mut state = self.spool.state();
                state.last_file += 1;
                state.last_file
            };
            self.points_file = Some(SpoolFile::open(&self.spool, number, 0)?);
        }
        let file = self.points_file.as_mut();
        file.ok_or_else(|| io::Error::other("no file for points"))
    }

    fn encode(&self, record: &SpoolRecord<'_>, bytes: &mut Vec<u8>) -> Result<(), SpoolError> {
        record.encode(bytes).map_err(|source| SpoolError::TooLarge {
            folder: self.spool.folder().to_owned(),
            source,
        })
    }
}

impl SpoolFile {
    /// Opens a file to append behind its first `length` bytes, which are whole.
    fn open(spool: &ScanSpool, number: u32, length: u64) -> io::Result<SpoolFile> {
        let options = File::options().create(true).append(true).clone();
        let file = options.open(spool.file(number))?;
        file.set_len(length)?;
        let mut file = SpoolFile {
            number,
            file,
            length,
            is_synced: true,
        };
        if length < MAGIC.len() as u64 {
            file.file.set_len(0)?;
            file.length = 0;
            file.append(MAGIC)?;
        }
        Ok(file)
    }

    /// Appends all of the bytes, or nothing.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.is_synced = false;
        if let Err(error) = self.file.write_all(bytes) {
            // What is torn ends the file for its readers, so it must not stay in front of later records.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}
