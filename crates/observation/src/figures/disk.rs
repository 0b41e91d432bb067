//! The disks that scans are written to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Disks that have figures. Paths come from outside, so their number has to be limited.
pub const MAX_DISKS: usize = 16;

/// How long an answer of a disk counts.
const ANSWER_LIFE: Duration = Duration::from_secs(60);

/// The free space of the disks that scans are written to, by mount point.
#[derive(Debug, Default)]
pub struct DiskTable(Mutex<BTreeMap<PathBuf, (Instant, u64)>>);

impl DiskTable {
    /// Sets the bytes that may still be written at a mount point. With too many disks, the one that was set first is
    /// forgotten.
    pub fn set(&self, mount_point: &Path, free: u64) {
        let mut disks = self.disks();
        if disks.len() >= MAX_DISKS && !disks.contains_key(mount_point) {
            let oldest = disks.iter().min_by_key(|(_, (when, _))| *when);
            if let Some(oldest) = oldest.map(|(path, _)| path.clone()) {
                disks.remove(&oldest);
            }
        }
        disks.insert(mount_point.to_owned(), (Instant::now(), free));
    }

    /// Returns the mount points whose free bytes are known, with these bytes. A disk that has not answered for 60 s is
    /// left out.
    pub fn all(&self) -> Vec<(PathBuf, u64)> {
        let disks = self.disks();
        let fresh = disks
            .iter()
            .filter(|(_, (when, _))| when.elapsed() < ANSWER_LIFE);
        fresh
            .map(|(path, (_, free))| (path.clone(), *free))
            .collect()
    }

    /// No code runs under the lock that could leave the table half changed.
    fn disks(&self) -> MutexGuard<'_, BTreeMap<PathBuf, (Instant, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_disks_is_limited() {
        let disks = DiskTable::default();
        for number in 0..MAX_DISKS + 3 {
            disks.set(Path::new(&format!("/mnt/{number}")), number as u64);
        }
        let last = format!("/mnt/{}", MAX_DISKS + 2);
        disks.set(Path::new(&last), 7);
        let all = disks.all();
        assert_eq!(all.len(), MAX_DISKS);
        assert!(all.contains(&(PathBuf::from(last), 7)));
        assert!(!all.iter().any(|(path, _)| path == Path::new("/mnt/0")));
    }
}
