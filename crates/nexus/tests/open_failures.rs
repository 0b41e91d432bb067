//! Files that cannot be opened: each failure is reported as what it is.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io;
use std::path::Path;

use nexus::Error;
use nexus::file::{FileLocking, FilePool, FileSettings};
use observation::{Classified, ErrorKind, ErrorOrigin, with_causes};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use testing::{SystemCall, failing};

/// Creates a file as a writer leaves it.
fn whole_file(path: &Path) {
    FilePool::default().open(path).unwrap().close().unwrap();
}

fn refused(path: &Path) -> Error {
    FilePool::default().open(path).map(drop).unwrap_err()
}

#[test]
fn refusals_of_the_system_are_reported_in_its_words() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    // One file is created, one was left empty, and one is opened.
    let files = [at("new.h5"), at("empty.h5"), at("old.h5")];
    fs::write(&files[1], "").unwrap();
    whole_file(&files[2]);
    let table = [
        (Errno::ACCESS, "permission denied", ErrorKind::Permission),
        (Errno::ROFS, "permission denied", ErrorKind::Permission),
        (Errno::NOSPC, "not enough space", ErrorKind::DiskFull),
        (Errno::DQUOT, "not enough space", ErrorKind::DiskFull),
        (Errno::MFILE, "", ErrorKind::Hdf5),
        (Errno::NFILE, "", ErrorKind::Hdf5),
        (Errno::IO, "", ErrorKind::Hdf5),
        (Errno::STALE, "", ErrorKind::Hdf5),
    ];
    for (errno, reason, kind) in table {
        let number = errno.raw_os_error();
        for file in &files {
            let error = failing(SystemCall::Open, number, || refused(file));
            let expected = match reason {
                "" => format!(
                    "cannot open '{}': {}",
                    file.display(),
                    io::Error::from_raw_os_error(number)
                ),
                reason => format!("{reason}, cannot open '{}'", file.display()),
            };
            assert_eq!(with_causes(&error), expected);
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(error.origin(), ErrorOrigin::Environment, "{error}");
        }
    }
}

#[test]
fn later_failures_of_a_file_system_are_reported_in_its_words() {
    let directory = tempfile::tempdir().unwrap();
    let (new, old) = (
        directory.path().join("new.h5"),
        directory.path().join("old.h5"),
    );
    whole_file(&old);
    let table = [
        (SystemCall::Write, &new, Errno::NOSPC, ErrorKind::DiskFull),
        (SystemCall::Write, &new, Errno::IO, ErrorKind::Hdf5),
        (SystemCall::Read, &old, Errno::IO, ErrorKind::Hdf5),
        (SystemCall::Read, &old, Errno::STALE, ErrorKind::Hdf5),
    ];
    for (call, file, errno, kind) in table {
        let error = failing(call, errno.raw_os_error(), || refused(file));
        assert_eq!(error.kind(), kind, "{call:?}: {error:?}");
        assert_eq!(error.origin(), ErrorOrigin::Environment, "{error:?}");
        fs::remove_file(&new).ok();
    }
}

#[test]
fn every_failure_has_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    whole_file(&at("locked.h5"));
    let lock = fs::File::open(at("locked.h5")).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    // The name of the second contains the words that the library puts before the number of a system error.
    let others = ["notes.h5", "errno = 28, a.h5"];
    for name in others {
        fs::write(at(name), "not a file of this kind").unwrap();
    }
    whole_file(&at("whole.h5"));
    let bytes = fs::read(at("whole.h5")).unwrap();
    // A file that was copied in part, and one with other bytes where its root group is described.
    fs::write(at("short.h5"), &bytes[..bytes.len() / 2]).unwrap();
    let mut spoilt = bytes;
    spoilt[48..].fill(0xa5);
    fs::write(at("spoilt.h5"), spoilt).unwrap();

    let table = [
        (
            "no/where.h5",
            ErrorKind::Permission,
            ErrorOrigin::Environment,
        ),
        ("locked.h5", ErrorKind::Locked, ErrorOrigin::Environment),
        (others[0], ErrorKind::Hdf5, ErrorOrigin::User),
        (others[1], ErrorKind::Hdf5, ErrorOrigin::User),
        ("short.h5", ErrorKind::Hdf5, ErrorOrigin::User),
        ("spoilt.h5", ErrorKind::Hdf5, ErrorOrigin::User),
    ];
    for (name, kind, origin) in table {
        let error = refused(&at(name));
        assert_eq!((error.kind(), error.origin()), (kind, origin), "{error:?}");
    }
    for name in ["short.h5", "spoilt.h5"] {
        let error = refused(&at(name));
        assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    }
    let locks = Errno::NOLCK.raw_os_error();
    let error = failing(SystemCall::Flock, locks, || {
        let pool = FilePool::default();
        pool.set(FileSettings {
            locking: FileLocking::Required,
            ..FileSettings::default()
        });
        pool.open(&at("whole.h5")).map(drop).unwrap_err()
    });
    assert_eq!(error.origin(), ErrorOrigin::Environment, "{error:?}");
}
