//! A log file that is rotated: `log` becomes `log.1`, that becomes `log.2`, and so on.
//!
//! Nothing that happens to the file or its directory is an error for the caller, who could only lose the
//! rest of its work. Crates for this were tried: `file-rotate` panics when a rotated file has been removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tracing::{error, warn};

/// Time between two looks whether the file is still in its place, and between two attempts to repair it.
const CHECK_PERIOD: Duration = Duration::from_secs(1);

/// A log file of limited size, with backups.
///
/// A problem is logged once, when it begins: the other logs, such as standard error, have it. Lines are lost
/// until the file can be written again, which is logged, too.
pub struct RotatingFile {
    path: PathBuf,
    /// Size at which the file is rotated; `None` if it never is.
    limit: Option<u64>,
    backups: usize,
    file: Option<OpenFile>,
    next_check: Instant,
    /// What prevents us from writing or rotating the file.
    problem: Option<ErrorKind>,
    lost: u64,
}

struct OpenFile {
    file: File,
    size: u64,
    /// Device and inode, by which another file in its place is recognised.
    identity: (u64, u64),
    /// Only part of the last line was written.
    is_torn: bool,
    /// Not a device or pipe, which must not be renamed.
    is_regular: bool,
}

impl OpenFile {
    fn open(path: &Path) -> io::Result<OpenFile> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let metadata = file.metadata()?;
        Ok(OpenFile {
            file,
            size: metadata.len(),
            identity: (metadata.dev(), metadata.ino()),
            is_torn: false,
            is_regular: metadata.is_file(),
        })
    }

    fn is_at(&self, path: &Path) -> bool {
        let found = fs::metadata(path);
        found.is_ok_and(|found| (found.dev(), found.ino()) == self.identity)
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.file.write_all(b"\n")?;
            self.is_torn = false;
        }
        let mut rest = line;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.size += written as u64;
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl RotatingFile {
    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// If it cannot be opened now.
    pub fn open(path: &Path, limit: Option<u64>, backups: usize) -> io::Result<RotatingFile> {
        Ok(RotatingFile {
            path: path.to_owned(),
            limit,
            backups,
            file: Some(OpenFile::open(path)?),
            next_check: Instant::now() + CHECK_PERIOD,
            problem: None,
            lost: 0,
        })
    }

    /// Writes a line. After a problem, the file is repaired only when `is_due`, because attempts may be slow.
    fn write_line(&mut self, line: &[u8], is_due: bool) -> io::Result<()> {
        let prepared = self.prepare(line.len() as u64, is_due);
        let appended = match &mut self.file {
            Some(file) => file.append(line),
            None => Err(ErrorKind::NotFound.into()),
        };
        if appended.is_err() {
            self.lost += 1;
        }
        // The first error is the cause of the second.
        prepared.and(appended)
    }

    /// Has the file in its place, with room for a line.
    fn prepare(&mut self, length: u64, is_due: bool) -> io::Result<()> {
        if is_due {
            // Somebody may have moved the file, or removed its directory.
            self.file = self.file.take().filter(|file| file.is_at(&self.path));
            if self.file.is_none() {
                self.file = Some(OpenFile::open(&self.path)?);
            }
        }
        let is_full = |file: &OpenFile| {
            let limit = self.limit.unwrap_or(u64::MAX);
            file.is_regular && file.size > 0 && file.size + length > limit
        };
        match self.problem {
            _ if !self.file.as_ref().is_some_and(is_full) => Ok(()),
            Some(problem) if !is_due => Err(problem.into()),
            _ => self.rotate(),
        }
    }

    /// Moves the file to the first backup, and opens a new one.
    fn rotate(&mut self) -> io::Result<()> {
        if self.backups == 0 {
            remove(&self.path)?;
        } else {
            // Backups behind one that was removed stay where they are.
            let is_free = |number: &usize| !self.backup(*number).exists();
            let last = (1..self.backups).find(is_free).unwrap_or(self.backups);
            for number in (1..last).rev() {
                rename(&self.backup(number), &self.backup(number + 1))?;
            }
            rename(&self.path, &self.backup(1))?;
        }
        self.file = Some(OpenFile::open(&self.path)?);
        Ok(())
    }

    fn backup(&self, number: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

/// Renames a file. One that is not there need not be moved.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    ignore_missing(fs::rename(from, to))
}

fn remove(path: &Path) -> io::Result<()> {
    ignore_missing(fs::remove_file(path))
}

fn ignore_missing(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

impl Write for RotatingFile {
    /// Writes one line. Never fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let now = Instant::now();
        let is_due = now >= self.next_check;
        if is_due {
            self.next_check = now + CHECK_PERIOD;
        }
        let written = self.write_line(line, is_due);
        let path = self.path.display();
        match written {
            // Not more often than the file is checked: these messages are lines of this file, too.
            Ok(()) if is_due && self.problem.take().is_some() => {
                let lost = std::mem::take(&mut self.lost);
                warn!("the log file {path} is written again; {lost} lines are missing");
            }
            Ok(()) => {}
            Err(problem) => {
                if self.problem.replace(problem.kind()).is_none() {
                    error!("cannot write the log file {path}: {problem}");
                }
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Writes lines of eight bytes, of which a file has room for two.
    fn write(file: &mut RotatingFile, numbers: std::ops::Range<u32>) {
        for number in numbers {
            file.write_all(format!("line {number:02}\n").as_bytes())
                .unwrap();
        }
    }

    fn open(path: &Path, backups: usize) -> RotatingFile {
        RotatingFile::open(path, Some(16), backups).unwrap()
    }

    #[test]
    fn backups_are_numbered_from_the_youngest() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        write(&mut open(&path, 2), 0..5);
        // A new process continues the file.
        write(&mut open(&path, 2), 5..9);
        assert_eq!(names(directory.path()), ["log", "log.1", "log.2"]);
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(read("log"), "line 08\n");
        assert_eq!(read("log.1"), "line 06\nline 07\n");
        assert_eq!(read("log.2"), "line 04\nline 05\n");
    }

    #[test]
    fn without_backups_the_file_begins_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        write(&mut open(&path, 0), 0..3);
        assert_eq!(names(directory.path()), ["log"]);
        assert_eq!(fs::read_to_string(path).unwrap(), "line 02\n");
    }

    #[test]
    fn backups_may_be_removed_or_in_the_way() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut file = open(&path, 3);
        write(&mut file, 0..7);
        assert_eq!(names(directory.path()), ["log", "log.1", "log.2", "log.3"]);
        fs::remove_file(file.backup(1)).unwrap();
        write(&mut file, 7..9);
        let read = |number| fs::read_to_string(directory.path().join(format!("log.{number}")));
        assert_eq!(read(1).unwrap(), "line 06\nline 07\n");
        assert_eq!(read(2).unwrap(), "line 02\nline 03\n");

        // The file grows while it cannot be rotated, and no line is lost.
        fs::remove_file(file.backup(1)).unwrap();
        fs::create_dir_all(file.backup(1).join("in the way")).unwrap();
        (2..4).for_each(|number| fs::remove_file(file.backup(number)).unwrap());
        fs::create_dir_all(file.backup(2).join("in the way")).unwrap();
        fs::create_dir_all(file.backup(3).join("in the way")).unwrap();
        write(&mut file, 9..20);
        assert!(file.problem.is_some());
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 12);
        (1..4).for_each(|number| fs::remove_dir_all(file.backup(number)).unwrap());
        file.next_check = Instant::now();
        write(&mut file, 20..21);
        assert!(file.problem.is_none() && file.lost == 0);
        assert_eq!(fs::read_to_string(&path).unwrap(), "line 20\n");
        assert_eq!(read(1).unwrap().lines().count(), 12);
    }

    #[test]
    fn a_directory_that_is_removed_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let logs = directory.path().join("logs");
        fs::create_dir(&logs).unwrap();
        let mut file = open(&logs.join("log"), 1);
        write(&mut file, 0..1);
        fs::remove_dir_all(&logs).unwrap();
        file.next_check = Instant::now();
        write(&mut file, 1..4);
        assert!(file.problem.is_some());
        fs::create_dir(&logs).unwrap();
        file.next_check = Instant::now();
        write(&mut file, 4..5);
        assert!(file.problem.is_none());
        assert_eq!(fs::read_to_string(logs.join("log")).unwrap(), "line 04\n");
    }

    #[test]
    fn a_device_is_not_rotated() {
        let directory = tempfile::tempdir().unwrap();
        let device = directory.path().join("device");
        std::os::unix::fs::symlink("/dev/full", &device).unwrap();
        let mut file = open(&device, 1);
        write(&mut file, 0..5);
        assert_eq!(file.problem, Some(ErrorKind::StorageFull));
        assert_eq!(file.lost, 5);
        assert_eq!(names(directory.path()), ["device"]);
    }
}
