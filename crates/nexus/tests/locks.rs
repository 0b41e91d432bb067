//! Locks of files, where the file system has them and where it has none.

#![allow(clippy::unwrap_used)]

mod common;

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use common::{dataset, describe, group, names, nx, python, script};
use nexus::Error;
use nexus::apply::PendingLinks;
use nexus::file::{FileLocking, FilePool, FileSession, FileSettings};
use nexus::h5::{self, FileDriver};
use observation::{Classified, ErrorKind, ErrorOrigin, with_causes};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use testing::{SystemCall, failing};

/// The errors of `flock` on file systems without locks. The last is the ENOTSUPP of the kernel.
const NO_LOCKS: [i32; 4] = [
    Errno::NOLCK.raw_os_error(),
    Errno::OPNOTSUPP.raw_os_error(),
    Errno::NOSYS.raw_os_error(),
    524,
];

fn pool(locking: FileLocking) -> FilePool {
    pool_with(FileDriver::Safe, locking)
}

fn pool_with(driver: FileDriver, locking: FileLocking) -> FilePool {
    let pool = FilePool::default();
    pool.set(FileSettings {
        locking,
        driver,
        ..FileSettings::default()
    });
    pool
}

fn without_locks<T: Send>(errno: i32, work: impl FnOnce() -> T + Send) -> T {
    failing(SystemCall::Flock, errno, work)
}

/// Opens a file, writes an entry, and closes it. Returns whether it was locked.
fn write(pool: &FilePool, path: &Path, entry: &str) -> Result<bool, Error> {
    let session = pool.open(path)?;
    let is_locked = session.is_locked();
    let tree = group(vec![(
        entry,
        nx("NXentry", vec![("title", dataset("scan"))]),
    )]);
    let written = session.write_tree(&tree, &mut PendingLinks::default());
    assert!(written.errors.is_empty(), "{:?}", written.errors);
    session.close()?;
    Ok(is_locked)
}

/// Returns `true` if somebody holds the lock of a file.
fn is_held(path: &Path) -> bool {
    let file = fs::File::open(path).unwrap();
    flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
}

#[test]
fn required_locks_are_refused_where_there_are_none() {
    let directory = tempfile::tempdir().unwrap();
    let (new, old) = (
        directory.path().join("new.h5"),
        directory.path().join("old.h5"),
    );
    write(&FilePool::default(), &old, "1.1").unwrap();
    let before = fs::read(&old).unwrap();
    for errno in NO_LOCKS {
        for path in [&new, &old] {
            let error = without_locks(errno, || {
                pool(FileLocking::Required)
                    .open(path)
                    .map(drop)
                    .unwrap_err()
            });
            let Error::NoLocks { file, source } = &error else {
                panic!("{errno}: {error}");
            };
            assert_eq!((file, source.raw_os_error()), (path, Some(errno)));
            assert_eq!(error.origin(), ErrorOrigin::Environment);
            assert_eq!(error.kind(), ErrorKind::Permission);
            let expected = format!(
                "the file system has no locks, cannot open '{}': {}",
                path.display(),
                io::Error::from_raw_os_error(errno)
            );
            assert_eq!(with_causes(&error), expected);
        }
    }
    assert_eq!(fs::read(&old).unwrap(), before);
}

#[test]
fn files_are_written_without_locks_where_there_are_none() {
    let directory = tempfile::tempdir().unwrap();
    for errno in NO_LOCKS {
        let path = directory.path().join(format!("{errno}.h5"));
        // The file is first created, then opened.
        for entry in ["1.1", "2.1"] {
            let locked = without_locks(errno, || write(&FilePool::default(), &path, entry));
            assert!(!locked.unwrap(), "{errno}");
        }
        assert_eq!(names(&describe(&path)), ["1.1", "2.1"]);
    }
}

#[test]
fn files_are_locked_unless_locks_are_off() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    for locking in FileLocking::ALL {
        let is_wanted = locking != FileLocking::Off;
        // The file is first created, then opened.
        for _ in 0..2 {
            let session = pool(locking).open(&path).unwrap();
            assert_eq!(session.is_locked(), is_wanted, "{locking:?}");
            assert_eq!(is_held(&path), is_wanted, "{locking:?}");
            session.close().unwrap();
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn locks_of_others_are_ignored_if_locks_are_off() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    let session = pool(FileLocking::Off).open(&path).unwrap();
    session.close().unwrap();
    let other = fs::File::open(&path).unwrap();
    flock(&other, FlockOperation::NonBlockingLockExclusive).unwrap();
    let locked = without_locks(Errno::IO.raw_os_error(), || {
        write(&pool(FileLocking::Off), &path, "1.1")
    });
    assert!(!locked.unwrap());
    // The lock of the other program is still there.
    assert!(is_held(&path));
}

#[test]
fn a_lock_of_another_program_is_reported_as_that() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    write(&FilePool::default(), &path, "1.1").unwrap();
    let other = fs::File::open(&path).unwrap();
    // As another writer, and as h5py does when it opens a file for reading.
    let exclusive = FlockOperation::NonBlockingLockExclusive;
    let shared = FlockOperation::NonBlockingLockShared;
    let refused = [
        (FileDriver::Safe, exclusive),
        (FileDriver::Plain, exclusive),
        (FileDriver::Plain, shared),
    ];
    for (driver, lock) in refused {
        flock(&other, lock).unwrap();
        for locking in [FileLocking::Auto, FileLocking::Required] {
            let error = pool_with(driver, locking).open(&path).unwrap_err();
            assert!(matches!(error, Error::Locked { .. }), "{error}");
            assert_eq!(error.kind(), ErrorKind::Locked);
            assert_eq!(error.origin(), ErrorOrigin::Environment);
        }
    }
}

#[test]
fn a_reader_that_locks_a_file_is_in_nobodys_way_but_that_of_the_plain_driver() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    write(&FilePool::default(), &path, "1.1").unwrap();
    let mut reader = python()
        .arg(script("hold.py"))
        .args([path.as_os_str(), "r".as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let output = reader.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    assert!(write(&FilePool::default(), &path, "1.2").unwrap());
    let plain = pool_with(FileDriver::Plain, FileLocking::Auto);
    let error = plain.open(&path).unwrap_err();
    let Error::Locked { holders, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(holders[0].pid, reader.id());
    drop(reader.stdin.take());
    assert!(reader.wait().unwrap().success());
    assert!(write(&FilePool::default(), &path, "2.1").unwrap());
}

#[test]
fn other_failures_of_locks_are_reported_as_what_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    write(&FilePool::default(), &path, "1.1").unwrap();
    for errno in [Errno::IO, Errno::STALE, Errno::INTR] {
        let errno = errno.raw_os_error();
        let error = without_locks(errno, || FilePool::default().open(&path).unwrap_err());
        assert_eq!(error.origin(), ErrorOrigin::Environment);
        let expected = format!(
            "cannot lock '{}': {}",
            path.display(),
            io::Error::from_raw_os_error(errno)
        );
        assert_eq!(with_causes(&error), expected);
    }
}

#[test]
fn reading_needs_no_locks() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    write(&FilePool::default(), &path, "1.1").unwrap();
    let read = || h5::File::open_read(&path)?.root()?.names();
    for errno in NO_LOCKS {
        assert_eq!(without_locks(errno, read).unwrap(), ["1.1"]);
    }
    // Reading works too while another part of this process writes the file, with and without a lock.
    for locking in [FileLocking::Required, FileLocking::Off] {
        let session = pool(locking).open(&path).unwrap();
        assert_eq!(read().unwrap(), ["1.1"]);
        session.close().unwrap();
    }
}

#[test]
fn sessions_of_one_file_agree_about_its_lock() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    without_locks(Errno::NOLCK.raw_os_error(), || {
        let pools = [FilePool::default(), FilePool::default()];
        let sessions = [pools[0].open(&path).unwrap(), pools[0].open(&path).unwrap()];
        assert!(!sessions.iter().any(FileSession::is_locked));
        // The library would share the file with a session of another pool, whose commits nobody would make.
        let other = pools[1].open(&path).unwrap_err();
        assert!(matches!(other, Error::Locked { .. }), "{other}");
        let required = pool(FileLocking::Required).open(&path).unwrap_err();
        assert!(matches!(required, Error::NoLocks { .. }), "{required}");
        let [first, second] = sessions;
        second.close().and_then(|()| first.close()).unwrap();
    });
    let pool = FilePool::default();
    let sessions = [pool.open(&path).unwrap(), pool.open(&path).unwrap()];
    assert!(sessions.iter().all(FileSession::is_locked));
}

/// Collects the lines of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_system_without_locks_is_logged_once() {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .finish();
    without_locks(Errno::NOLCK.raw_os_error(), || {
        tracing::subscriber::with_default(subscriber, || {
            let pool = FilePool::default();
            for (name, entry) in [("a.h5", "1.1"), ("b.h5", "1.1"), ("a.h5", "2.1")] {
                write(&pool, &directory.path().join(name), entry).unwrap();
            }
        });
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    let place = directory.path().canonicalize().unwrap();
    for text in [
        "cannot be locked",
        "No locks available",
        place.to_str().unwrap(),
    ] {
        assert!(warnings[0].contains(text), "{log}");
    }
}

#[test]
fn the_environment_does_not_overrule_the_choice() {
    // The library reads `HDF5_USE_FILE_LOCKING` when a program starts.
    for value in ["FALSE", "TRUE", "BEST_EFFORT"] {
        let output = Command::new(env::current_exe().unwrap())
            .arg("--exact")
            .args([
                "required_locks_are_refused_where_there_are_none",
                "files_are_written_without_locks_where_there_are_none",
                "files_are_locked_unless_locks_are_off",
                "locks_of_others_are_ignored_if_locks_are_off",
                "reading_needs_no_locks",
            ])
            .env("HDF5_USE_FILE_LOCKING", value)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{value}: {text}");
        assert!(text.contains("5 passed"), "{value}: {text}");
    }
}
