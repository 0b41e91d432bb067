//! Finds the processes that hold the lock of a file.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{major, minor};

/// A process that holds the lock on a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// The process identifier.
    pub pid: u32,
    /// The command line, if the process still runs and this process may read it.
    pub command: Option<String>,
    /// The user of the process: the name, or the number if it has no name on this machine.
    pub user: Option<String>,
}

impl LockHolder {
    /// Returns the processes on this machine that hold a lock on the file. The result is empty if a
    /// process on another machine holds it, through a network file system.
    pub fn of(path: &Path) -> Vec<LockHolder> {
        let Ok(file) = fs::metadata(path) else {
            return Vec::new();
        };
        let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
        let mut pids: Vec<u32> = locks
            .lines()
            .filter_map(|line| held(line, file.dev(), file.ino(), path))
            .collect();
        pids.sort_unstable();
        pids.dedup();
        pids.into_iter().map(LockHolder::of_process).collect()
    }

    /// Returns the descriptions of all holders in one line.
    pub(crate) fn list(holders: &[LockHolder]) -> String {
        if holders.is_empty() {
            return "a process that is not on this machine".to_owned();
        }
        let holders: Vec<_> = holders.iter().map(LockHolder::to_string).collect();
        holders.join(", ")
    }

    fn of_process(pid: u32) -> LockHolder {
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok().map(|line| {
            let words = String::from_utf8_lossy(&line).replace('\0', " ");
            words.trim_end().to_owned()
        });
        let user = fs::metadata(format!("/proc/{pid}"))
            .ok()
            .map(|it| user_name(it.uid()));
        LockHolder {
            pid,
            command: command.filter(|command| !command.is_empty()),
            user,
        }
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        if let Some(command) = &self.command {
            write!(f, " ({command})")?;
        }
        match &self.user {
            Some(user) => write!(f, " of {user}"),
            None => Ok(()),
        }
    }
}

/// Returns the process of one line of `/proc/locks`, if the line describes a lock on this file, for
/// example `1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`. Lines of processes that wait for a lock have
/// an arrow after the number.
fn held(line: &str, device: u64, inode: u64, path: &Path) -> Option<u32> {
    let mut words = line.split_ascii_whitespace().skip(1);
    if words.next()? == "->" {
        return None;
    }
    let pid = words.nth(2)?.parse().ok()?;
    let mut location = words.next()?.split(':');
    let (high, low) = (location.next()?, location.next()?);
    if location.next()?.parse::<u64>().ok()? != inode {
        return None;
    }
    let high = u32::from_str_radix(high, 16).ok()?;
    let low = u32::from_str_radix(low, 16).ok()?;
    let same_device = high == major(device) && low == minor(device);
    // On layered file systems the device of a file differs from the device in its locks.
    (same_device || has_open(pid, path)).then_some(pid)
}

fn has_open(pid: u32, path: &Path) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    files
        .flatten()
        .any(|file| fs::read_link(file.path()).is_ok_and(|open| open == path))
}

fn user_name(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {uid}"))
}
