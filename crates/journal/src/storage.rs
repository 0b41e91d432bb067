//! A file on disk whose changes can be observed.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::readers;

/// Which of the two files an [`Operation`] changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The HDF5 file.
    Data,
    /// Its journal.
    Journal,
}

/// A change of a file on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'a> {
    /// Bytes are written at an offset.
    Write(u64, &'a [u8]),
    /// The file gets a length.
    SetLength(u64),
    /// What was written has to be on the disk before anything else happens (`fdatasync`).
    Synchronise,
    /// Room is reserved, from an offset, for this number of bytes.
    Allocate(u64, u64),
}

/// Learns of each change of a file before it happens, and may prevent it. For tests of what remains if a program is
/// killed, the power fails or the disk is full at any moment.
pub trait Observer: Debug + Send + Sync {
    /// Is called before each operation.
    ///
    /// # Errors
    /// An error is that of the operation, which is not made.
    fn before(&self, target: Target, operation: Operation<'_>) -> io::Result<()>;
}

/// A file on disk.
#[derive(Debug)]
pub(crate) struct Storage {
    file: File,
    path: PathBuf,
    target: Target,
    observer: Option<Arc<dyn Observer>>,
    /// Held by each write, and alone while the file is made longer. A write behind the length that was asked for would be cut
    /// off otherwise when another thread sets the length.
    lengthening: RwLock<()>,
}

impl Storage {
    pub fn new(
        file: File,
        path: &Path,
        target: Target,
        observer: Option<Arc<dyn Observer>>,
    ) -> Storage {
        Storage {
            file,
            path: path.to_owned(),
            target,
            observer,
            lengthening: RwLock::new(()),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn length(&self) -> Result<u64> {
        let metadata = self.file.metadata();
        metadata
            .map(|metadata| metadata.len())
            .map_err(|error| self.failed("ask for the length of", error))
    }

    /// Reads bytes. What is behind the end of the file is zero.
    pub fn read(&self, mut offset: u64, mut bytes: &mut [u8]) -> Result<()> {
        while !bytes.is_empty() {
            match self.file.read_at(bytes, offset) {
                Ok(0) => {
                    bytes.fill(0);
                    return Ok(());
                }
                Ok(count) => {
                    bytes = &mut bytes[count..];
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed("read", error)),
            }
        }
        Ok(())
    }

    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let lengthening = self.lengthening.read();
        let _written = lengthening.unwrap_or_else(PoisonError::into_inner);
        self.observe(Operation::Write(offset, bytes))
            .and_then(|()| self.file.write_all_at(bytes, offset))
            .map_err(|error| self.failed("write", error))
    }

    /// Makes the file at least this long. Other threads may write it meanwhile.
    pub fn lengthen(&self, length: u64) -> Result<()> {
        let lengthening = self.lengthening.write();
        let _alone = lengthening.unwrap_or_else(PoisonError::into_inner);
        match self.length()? < length {
            true => self.set_length(length),
            false => Ok(()),
        }
    }

    /// Sets the length of a file that no other thread writes.
    pub fn set_length(&self, length: u64) -> Result<()> {
        self.observe(Operation::SetLength(length))
            .and_then(|()| self.file.set_len(length))
            .map_err(|error| self.failed("set the length of", error))
    }

    pub fn synchronise(&self) -> Result<()> {
        self.observe(Operation::Synchronise)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| self.failed("synchronise", error))
    }

    /// Reserves room on the disk without changing the length of the file. Returns `false` if the file system cannot
    /// do that.
    pub fn allocate(&self, begin: u64, end: u64) -> Result<bool> {
        if begin >= end {
            return Ok(true);
        }
        let length = end - begin;
        let allocate = || {
            self.observe(Operation::Allocate(begin, length))?;
            let flags = FallocateFlags::KEEP_SIZE;
            Ok(fallocate(&self.file, flags, begin, length)?)
        };
        loop {
            let Err(error) = allocate() else {
                return Ok(true);
            };
            match Errno::from_io_error(&error) {
                Some(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(false),
                // By a signal.
                Some(Errno::INTR) => {}
                _ => return Err(self.failed("reserve room for", error)),
            }
        }
    }

    /// Waits until every program that has opened the file before has had this time, or has closed it.
    pub fn wait_for_readers(&self, time: Duration) {
        readers::wait(&self.file, time);
    }

    fn observe(&self, operation: Operation<'_>) -> io::Result<()> {
        match &self.observer {
            Some(observer) => observer.before(self.target, operation),
            None => Ok(()),
        }
    }

    fn failed(&self, attempted: &'static str, error: io::Error) -> Error {
        Error::io(self.path.clone(), attempted, error)
    }
}
