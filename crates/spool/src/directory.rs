//! The directory that has the spools of all scans of a host.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustix::fs::{Access, access};
use serde_json::Value;

use super::scan_spool::{ScanSpool, SpoolError};

/// The longest name of a file that all file systems can have.
const MAX_NAME: usize = 255;

/// How the name of the folder of a scan ends. Other folders in the directory belong to somebody else.
const ENDING: &str = ".spool";

/// The directory that has the spools of all scans of a host, each in a folder of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolDirectory {
    path: PathBuf,
    size: u64,
}

/// A scan whose spool no process holds.
#[derive(Debug)]
pub struct SpooledScan {
    /// Name of the scan.
    pub scan: String,
    /// What was recorded about the scan as a whole: a JSON object.
    pub about: Value,
    /// Number of the state of the scan, as far as it was recorded.
    pub state: u8,
    /// Its last document.
    pub document: Bytes,
}

impl SpoolDirectory {
    /// Names the directory. All spools together get no larger than `size` bytes.
    pub fn new(path: impl Into<PathBuf>, size: u64) -> SpoolDirectory {
        SpoolDirectory {
            path: path.into(),
            size,
        }
    }

    /// Returns where the directory is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number of bytes that all spools together may have.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the directory if there is none.
    ///
    /// # Errors
    /// If there can be none, or nothing can be written there.
    pub fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        Ok(access(&self.path, Access::WRITE_OK | Access::EXEC_OK)?)
    }

    /// Takes the spool of a scan, which may not exist yet: then it has no contents.
    ///
    /// # Errors
    /// [`SpoolError::Held`] if another process has it, or if it cannot be read.
    pub fn take(&self, scan: &str) -> Result<ScanSpool, SpoolError> {
        let folder = folder_name(scan).map(|name| self.path.join(name));
        let folder = folder.ok_or_else(|| SpoolError::Name {
            scan: scan.to_owned(),
        })?;
        ScanSpool::take(self.clone(), folder, scan)
    }

    /// Returns `true` if there is a spool of the scan. Waits for the disk only for a moment.
    pub fn has(&self, scan: &str) -> bool {
        folder_name(scan).is_some_and(|name| self.path.join(name).is_dir())
    }

    /// Returns the scans whose spools no process holds.
    pub fn abandoned(&self) -> Vec<SpooledScan> {
        let Ok(folders) = fs::read_dir(&self.path) else {
            // There is no directory until something is recorded.
            return Vec::new();
        };
        let folders = folders.filter_map(Result::ok);
        // A link may lead to files of somebody else.
        let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let folders = folders.filter(is_folder);
        let scans = folders.filter_map(|folder| {
            let scan = scan_of(folder.file_name().to_str()?)?;
            let spool = ScanSpool::look_at_abandoned(self.clone(), folder.path(), &scan);
            spooled_scan(&spool.ok()?, &scan)
        });
        scans.collect()
    }

    /// Returns what is recorded about a scan, also while another process has its spool.
    pub fn spooled(&self, scan: &str) -> Option<SpooledScan> {
        let folder = self.path.join(folder_name(scan)?);
        spooled_scan(&ScanSpool::look(self.clone(), folder, scan).ok()?, scan)
    }

    /// Returns the number of bytes that all spools together have.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub(crate) fn used(&self) -> io::Result<u64> {
        let mut used = 0;
        for folder in fs::read_dir(&self.path)? {
            let folder = folder?;
            if folder.file_name().to_str().and_then(scan_of).is_none() {
                continue;
            }
            // Another process may remove a spool meanwhile.
            let Ok(files) = fs::read_dir(folder.path()) else {
                continue;
            };
            let sizes = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len()));
            used += sizes.sum::<u64>();
        }
        Ok(used)
    }
}

fn spooled_scan(spool: &ScanSpool, scan: &str) -> Option<SpooledScan> {
    let about: Value = serde_json::from_slice(&spool.about()?).ok()?;
    let (state, document) = spool.document()?;
    Some(SpooledScan {
        scan: scan.to_owned(),
        about,
        state,
        document,
    })
}

/// Returns the name of the folder of a scan, or `None` if there can be none: names come from outside.
fn folder_name(scan: &str) -> Option<String> {
    let mut name = String::new();
    for byte in scan.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    name.push_str(ENDING);
    (name.len() <= MAX_NAME).then_some(name)
}

/// Returns the scan of a folder, or `None` if it is not one of ours.
fn scan_of(folder: &str) -> Option<String> {
    let mut scan = Vec::new();
    let mut bytes = folder.strip_suffix(ENDING)?.bytes();
    while let Some(byte) = bytes.next() {
        scan.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    let scan = String::from_utf8(scan).ok();
    let scan = scan.filter(|scan| !scan.is_empty())?;
    (folder_name(&scan)? == folder).then_some(scan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_after_scans_and_stay_in_the_directory() {
        for scan in ["01M82Y7PBE5ARXMK29K55ZRRJ4", "../../etc", "a.b:c%20é", "%"] {
            let name = folder_name(scan).unwrap();
            assert!(!name.contains('/') && !name.starts_with('.'), "{name}");
            assert_eq!(scan_of(&name).as_deref(), Some(scan));
        }
        assert_eq!(folder_name(&"x".repeat(256)), None);
        for other in [
            "",
            ".spool",
            "%.spool",
            "%4.spool",
            "%zz.spool",
            "%ff.spool",
            "a.b.spool",
            "photos",
        ] {
            assert_eq!(scan_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let elsewhere = tempfile::tempdir().unwrap();
        for name in [
            "photos/a.jpg",
            "photos/lock",
            "01M8.spool/000001.records",
            "01M8.spool/notes",
        ] {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            fs::write(path(name), name).unwrap();
        }
        fs::write(elsewhere.path().join("lock"), "").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), path("link.spool")).unwrap();
        // The spool of a process that was killed while it removed it.
        fs::create_dir(path("dead.spool")).unwrap();
        fs::write(path("dead.spool/lock"), "").unwrap();

        let directory = SpoolDirectory::new(folder.path(), 1 << 20);
        assert!(directory.abandoned().is_empty());
        assert!(!path("dead.spool").exists());
        for name in [
            "photos/a.jpg",
            "photos/lock",
            "01M8.spool/000001.records",
            "01M8.spool/notes",
            "link.spool/lock",
        ] {
            assert!(path(name).exists(), "{name}");
        }
        assert!(!path("01M8.spool/lock").exists());
        // Only files of the spool go with it, and only these count.
        fs::write(path("01M8.spool/000001.records"), "NXSPOOL1").unwrap();
        fs::create_dir(path("01M8.spool/000002.records")).unwrap();
        directory.take("01M8").unwrap().remove().unwrap();
        assert!(!path("01M8.spool/000001.records").exists());
        assert!(path("01M8.spool/notes").exists());
        assert!(path("01M8.spool/000002.records").exists());
        assert!(directory.abandoned().is_empty());
    }

    #[test]
    fn files_of_another_version_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("01M8.spool/000001.records");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "NXSPOOL2 of the future").unwrap();
        let directory = SpoolDirectory::new(folder.path(), 1 << 20);
        let taken = directory.take("01M8");
        assert!(matches!(taken, Err(SpoolError::Io { .. })), "{taken:?}");
        assert_eq!(fs::read(&file).unwrap(), b"NXSPOOL2 of the future");
    }
}
