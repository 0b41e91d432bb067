//! Disks that a test can fill.

use std::fs;
use std::path::Path;

use testing::{MemoryDisk, RationedDisk};

/// A disk with one folder, which has as much room as a test wants. Room has the unit of the disk.
pub trait Disk: Sync {
    /// Returns the folder.
    fn folder(&self) -> &Path;

    /// Returns how much room is taken.
    fn taken(&self) -> u64;

    /// Lets only this much room be taken from now on.
    fn limit(&self, room: u64);

    /// Makes room for everything.
    fn make_room(&self);

    /// Runs a function that starts programs which use the disk.
    fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T;

    /// Removes all files.
    fn clear(&self) {
        self.make_room();
        for file in fs::read_dir(self.folder()).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
}

/// A disk of which the kernel asks the test before each call that takes room. The unit of room is such a call.
pub struct CountedDisk {
    folder: tempfile::TempDir,
    disk: RationedDisk,
    errno: i32,
}

impl CountedDisk {
    /// Creates a disk on which calls fail with this error number when there is no room.
    pub fn new(errno: i32) -> CountedDisk {
        let folder = tempfile::tempdir().unwrap();
        CountedDisk {
            disk: RationedDisk::new(folder.path()),
            folder,
            errno,
        }
    }
}

impl Disk for CountedDisk {
    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn taken(&self) -> u64 {
        self.disk.taken()
    }

    fn limit(&self, room: u64) {
        self.disk.limit(room, self.errno);
    }

    fn make_room(&self) {
        self.disk.make_room();
    }

    fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.disk.run(work)
    }
}

/// The unit of room is a byte.
impl Disk for MemoryDisk {
    fn folder(&self) -> &Path {
        self.folder()
    }

    fn taken(&self) -> u64 {
        self.taken()
    }

    fn limit(&self, room: u64) {
        self.limit(room);
    }

    fn make_room(&self) {
        self.make_room();
    }

    fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        work()
    }
}
