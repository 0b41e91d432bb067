//! Disks that a test can fill.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::statvfs;
use testing::RationedDisk;

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

/// A disk in memory, which can be made bigger and smaller. The unit of room is a byte.
pub struct MemoryDisk {
    folder: PathBuf,
}

/// Room for everything.
const ROOM: u64 = 1 << 30;

impl MemoryDisk {
    /// Mounts a disk at this folder, which the process must be allowed to do.
    pub fn mount(folder: &Path) -> MemoryDisk {
        let disk = MemoryDisk {
            folder: folder.to_owned(),
        };
        disk.call("mount", &["-t", "tmpfs", "-o", &size(ROOM), "none"]);
        disk
    }

    fn call(&self, program: &str, arguments: &[&str]) {
        testing::output(Command::new(program).args(arguments).arg(&self.folder));
    }

    fn resize(&self, bytes: u64) {
        self.call("mount", &["-o", &format!("remount,{}", size(bytes))]);
    }
}

/// Returns the option for a size. The system takes 0 for no limit.
fn size(bytes: u64) -> String {
    format!("size={}", bytes.max(1))
}

impl Disk for MemoryDisk {
    fn folder(&self) -> &Path {
        &self.folder
    }

    fn taken(&self) -> u64 {
        let found = statvfs(&self.folder).unwrap();
        (found.f_blocks - found.f_bfree) * found.f_frsize
    }

    fn limit(&self, room: u64) {
        self.resize(self.taken() + room);
    }

    fn make_room(&self) {
        self.resize(ROOM);
    }

    fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        work()
    }
}

impl Drop for MemoryDisk {
    fn drop(&mut self) {
        // A program that still runs may have a file open.
        self.call("umount", &["--lazy"]);
    }
}
