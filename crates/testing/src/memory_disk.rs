//! A disk in memory, which a test can fill.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::statvfs;

use crate::python::output;

/// Set in the process that may mount disks.
const INSIDE: &str = "NEXUS_WRITER_TEST_MOUNTS";

/// Room for everything.
const ROOM: u64 = 1 << 30;

/// A disk in memory, which can be made bigger and smaller. Only a test that [`runs_in_own_mounts`] may have one.
#[derive(Debug)]
pub struct MemoryDisk {
    folder: PathBuf,
}

/// Runs a test again in a process with a mount namespace of its own, which may mount disks. `ignored` says whether the test
/// is one of those that are ignored. Returns `false` in that process.
///
/// The system must allow users to have namespaces of their own.
pub fn runs_in_own_mounts(test: &str, ignored: bool) -> bool {
    if env::var_os(INSIDE).is_some() {
        return false;
    }
    let mut command = Command::new("unshare");
    command.arg(match rustix::process::geteuid().is_root() {
        true => "--mount",
        false => "--map-root-user",
    });
    command.arg("--mount").arg(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    if ignored {
        command.arg("--ignored");
    }
    let status = command.env(INSIDE, "1").status().unwrap();
    assert!(status.success(), "{status}");
    true
}

impl MemoryDisk {
    /// Mounts a disk at this folder. It has room for 1 GiB.
    pub fn mount(folder: &Path) -> MemoryDisk {
        let disk = MemoryDisk {
            folder: folder.to_owned(),
        };
        disk.call("mount", &["-t", "tmpfs", "-o", &size(ROOM), "none"]);
        disk
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns how many bytes are taken.
    pub fn taken(&self) -> u64 {
        let found = statvfs(&self.folder).unwrap();
        (found.f_blocks - found.f_bfree) * found.f_frsize
    }

    /// Lets only this number of bytes be taken from now on.
    pub fn limit(&self, bytes: u64) {
        self.resize(self.taken() + bytes);
    }

    /// Makes room for 1 GiB.
    pub fn make_room(&self) {
        self.resize(ROOM);
    }

    fn call(&self, program: &str, arguments: &[&str]) {
        output(Command::new(program).args(arguments).arg(&self.folder));
    }

    fn resize(&self, bytes: u64) {
        self.call("mount", &["-o", &format!("remount,{}", size(bytes))]);
    }
}

/// Returns the option for a size. The system takes 0 for no limit.
fn size(bytes: u64) -> String {
    format!("size={}", bytes.max(1))
}

impl Drop for MemoryDisk {
    fn drop(&mut self) {
        // A program that still runs may have a file open.
        self.call("umount", &["--lazy"]);
    }
}
