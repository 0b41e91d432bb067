//! Opening, sharing and closing files.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::{at, dataset, describe, group, names, nx, python, script};
use nexus::Error;
use nexus::apply::PendingLinks;
use nexus::file::{FileInterference, FilePool, FileSession, FileSettings};
use nexus::h5::{self, FileDriver, WriteAccess, WriteOptions};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use testing::{SystemCall, failing};

fn entry(session: &FileSession, name: &str, title: &str) {
    let tree = group(vec![(name, nx("NXentry", vec![("title", dataset(title))]))]);
    let written = session.write_tree(&tree, &mut PendingLinks::default());
    assert!(written.errors.is_empty(), "{:?}", written.errors);
    session.stamp().unwrap();
}

fn with_driver(driver: FileDriver) -> FileSettings {
    FileSettings {
        driver,
        ..FileSettings::default()
    }
}

#[test]
fn two_scans_share_a_file_under_any_path() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("raw")).unwrap();
    let path = directory.path().join("raw/scans.h5");
    let link = directory.path().join("link.h5");
    std::os::unix::fs::symlink("raw/scans.h5", &link).unwrap();

    let pool = FilePool::default();
    // The link points to nothing yet, and must still name the same file.
    let first = pool.open(&link).unwrap();
    let second = pool
        .open(&directory.path().join("raw/../raw/scans.h5"))
        .unwrap();
    assert_eq!(first.path(), second.path());
    assert_eq!(pool.paths().len(), 1);

    entry(&second, "2.1", "scan 2");
    entry(&first, "1.1", "scan 1");
    second.close().unwrap();
    entry(&first, "1.2", "still open");
    assert_eq!(pool.paths().len(), 1);
    first.close().unwrap();
    assert!(pool.paths().is_empty());

    let root = describe(&path);
    assert_eq!(
        names(&root),
        ["2.1", "1.1", "1.2"],
        "in the order of writing"
    );
    assert_eq!(root["track_order"], true);
    let attributes: Vec<_> = root["attrs"].as_object().unwrap().keys().collect();
    assert_eq!(
        attributes,
        ["HDF5_Version", "file_time", "file_update_time"]
    );
    // Superblock 2, which every reader since HDF5 1.8 opens while the file grows.
    assert_eq!(fs::read(&path).unwrap()[8], 2);
}

#[test]
fn the_time_of_the_file_stays_and_that_of_the_update_moves() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scans.h5");
    let pool = FilePool::default();
    let times = |session: &FileSession| {
        let root = session.root().unwrap();
        let text = |name| root.attribute(name).unwrap().texts.unwrap().remove(0);
        (text("file_time"), text("file_update_time"))
    };
    let session = pool.open(&path).unwrap();
    session.stamp().unwrap();
    let (made, updated) = times(&session);
    assert_eq!(made, updated);
    session.close().unwrap();

    let session = pool.open(&path).unwrap();
    session.stamp().unwrap();
    let (still, later) = times(&session);
    assert_eq!(still, made);
    assert!(later > updated);
    chrono::DateTime::parse_from_rfc3339(&later).unwrap();
}

#[test]
fn readers_without_lock_see_what_was_flushed() {
    let directory = tempfile::tempdir().unwrap();
    let pool = FilePool::default();
    let one = pool.open(&directory.path().join("one.h5")).unwrap();
    let two = pool.open(&directory.path().join("two.h5")).unwrap();
    entry(&one, "1.1", "first");
    entry(&two, "1.1", "second");
    assert!(pool.commit().is_empty());
    assert!(!one.flush_if_dirty().unwrap(), "nothing was written since");
    for (session, title) in [(&one, "first"), (&two, "second")] {
        let root = describe(session.path());
        assert_eq!(at(&root, "1.1/title").unwrap()["value"], title);
    }
    entry(&one, "1.2", "third");
    assert!(one.flush_if_dirty().unwrap());
    assert_eq!(names(&describe(one.path())), ["1.1", "1.2"]);
}

#[test]
fn a_lock_of_another_process_is_reported_with_its_holder() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("held.h5");
    let mut holder = python()
        .arg(script("hold.py"))
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "held\n");

    let pool = FilePool::default();
    let error = pool.open(&path).unwrap_err();
    let text = error.to_string();
    let Error::Locked { holders, .. } = error else {
        panic!("{text}");
    };
    assert_eq!(holders.len(), 1, "{text}");
    assert_eq!(holders[0].pid, holder.id());
    assert!(holders[0].command.as_ref().unwrap().contains("hold.py"));
    assert!(holders[0].user.is_some());
    assert!(
        text.starts_with("file already locked, cannot open '"),
        "{text}"
    );

    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    pool.open(&path).unwrap().close().unwrap();
}

#[test]
fn our_lock_keeps_other_writers_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ours.h5");
    let session = FilePool::default().open(&path).unwrap();
    session.flush_if_dirty().unwrap();
    let other = python()
        .arg(script("hold.py"))
        .arg(&path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!other.status.success());
    let errors = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(errors.contains("BlockingIOError"), "{errors}");
}

#[test]
fn other_files_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let pool = FilePool::default();
    let text = directory.path().join("notes.h5");
    fs::write(&text, "not a file of this kind").unwrap();
    assert!(matches!(pool.open(&text), Err(Error::NotHdf5 { .. })));
    assert_eq!(fs::read(&text).unwrap(), b"not a file of this kind");

    let missing = directory.path().join("no/where.h5");
    let error = pool.open(&missing).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("missing directory, cannot open '{}'", missing.display())
    );
    let error = pool.open(directory.path()).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
    // No user may make files there, not even the superuser.
    let refused = pool.open(Path::new("/sys/kernel/scan.h5")).unwrap_err();
    assert!(
        matches!(refused, Error::PermissionDenied { .. }),
        "{refused}"
    );
    assert!(pool.paths().is_empty());
}

#[test]
fn a_file_that_was_left_empty_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("empty.h5");
    fs::write(&path, "").unwrap();
    let session = FilePool::default().open(&path).unwrap();
    entry(&session, "1.1", "title");
    session.close().unwrap();
    assert_eq!(names(&describe(&path)), ["1.1"]);
}

#[test]
fn a_file_without_anything_but_its_superblock_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    // What a writer leaves that is killed while it makes the file, as far as it comes.
    let options = WriteOptions {
        driver: FileDriver::Plain,
        ..WriteOptions::default()
    };
    let whole = h5::File::open_to_write(&path, WriteAccess::Create, options).unwrap();
    let bytes = fs::read(&path).unwrap();
    drop(whole);
    fs::write(&path, &bytes).unwrap();
    assert!(h5::File::open_read(&path).is_err(), "nothing was flushed");
    for end in [8, 40, bytes.len()] {
        fs::write(&path, &bytes[..end]).unwrap();
        let session = FilePool::default().open(&path).unwrap();
        entry(&session, "1.1", "first");
        session.close().unwrap();
        assert!(h5::File::open_read(&path).is_ok());
    }
    // A new file can be opened from the start.
    let path = directory.path().join("b.h5");
    let session = FilePool::default().open(&path).unwrap();
    let copy = directory.path().join("copy.h5");
    fs::copy(&path, &copy).unwrap();
    assert!(h5::File::open_read(&copy).is_ok());
    drop(session);
}

#[test]
fn programs_that_are_started_do_not_hold_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    // Once with a file that is made, once with one that is opened.
    for name in ["1.1", "2.1"] {
        let session = FilePool::default().open(&path).unwrap();
        entry(&session, name, "scan");
        let mut child = python();
        child.args([
            "-c",
            "import sys; print('runs', flush=True); sys.stdin.read()",
        ]);
        let child = child.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        session.close().unwrap();
        FilePool::default().open(&path).unwrap().close().unwrap();
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

#[test]
fn programs_that_are_just_started_do_not_hold_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let starter = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(Command::new("true").status().unwrap().success());
            }
        });
        // Each has its chance to fall between the copy of this process and the program.
        let opened: Result<(), Error> = (0..1000)
            .try_for_each(|_| FilePool::default().open(&path).and_then(FileSession::close));
        done.store(true, Ordering::Relaxed);
        starter.join().unwrap();
        opened.unwrap();
    });
}

#[test]
fn a_lock_is_shared_within_this_process_by_the_plain_driver() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    let pool = || {
        let pool = FilePool::default();
        pool.set(with_driver(FileDriver::Plain));
        pool
    };
    let first = pool().open(&path).unwrap();
    let second = pool().open(&path).unwrap();
    first.close().unwrap();
    let is_locked = || {
        let file = fs::File::open(&path).unwrap();
        flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
    };
    assert!(is_locked());
    second.close().unwrap();
    assert!(!is_locked());
}

#[test]
fn a_journal_belongs_to_one_pool() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.h5");
    let first = FilePool::default().open(&path).unwrap();
    let error = FilePool::default().open(&path).unwrap_err();
    let Error::Locked { holders, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(holders[0].pid, std::process::id());
    first.close().unwrap();
    FilePool::default().open(&path).unwrap().close().unwrap();
}

#[test]
fn a_full_disk_is_reported_as_such_and_costs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    for driver in [FileDriver::Safe, FileDriver::Plain] {
        let path = directory.path().join(format!("{driver:?}.h5"));
        let add = |name: &str| {
            let pool = FilePool::default();
            pool.set(with_driver(driver));
            let session = pool.open(&path)?;
            entry(&session, name, "scan");
            session.close()
        };
        add("1.1").unwrap();
        let full = Errno::NOSPC.raw_os_error();
        let error = failing(SystemCall::Write, full, || add("2.1").unwrap_err());
        assert!(matches!(error, Error::NoSpace { .. }), "{error}");
        assert_eq!(names(&describe(&path)), ["1.1"]);
    }
}

#[test]
fn objects_of_a_closed_file_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let session = FilePool::default()
        .open(&directory.path().join("scans.h5"))
        .unwrap();
    let root = session.root().unwrap();
    let element = nexus::tree::ElementType::Bool;
    let dataset = root
        .create_contiguous("flags", &element, &[2], &[0, 1])
        .unwrap();
    session.close().unwrap();
    assert!(dataset.write_block(&[0], &[1], &[1]).is_err());
    assert!(root.create_group("late").is_err());
}

#[test]
fn an_abandoned_file_is_not_written_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pool) = (directory.path().join("a.h5"), FilePool::default());
    let sessions = [pool.open(&path).unwrap(), pool.open(&path).unwrap()];
    let root = sessions[0].root().unwrap();
    root.create_group("before").unwrap();
    sessions[0].flush_if_dirty().unwrap();
    let before = fs::read(&path).unwrap();
    root.create_group("after").unwrap();
    sessions[0].abandon();
    drop(root);
    let [first, second] = sessions;
    first.close().unwrap();
    // The library would share its handle with a new session.
    let error = pool.open(&path).unwrap_err();
    assert!(matches!(error, Error::StillOpen { .. }), "{error}");
    assert!(second.is_abandoned());
    second.close().unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    let session = pool.open(&path).unwrap();
    assert_eq!(session.root().unwrap().names().unwrap(), ["before"]);
}

#[test]
fn a_file_with_another_inode_is_opened_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (path, pool) = (directory.path().join("a.h5"), FilePool::default());
    let old = pool.open(&path).unwrap();
    old.root().unwrap().create_group("old").unwrap();
    assert_eq!(old.interference(), None);
    fs::remove_file(&path).unwrap();
    assert_eq!(old.interference(), Some(FileInterference::Missing));
    let new = pool.open(&path).unwrap();
    assert_eq!(old.interference(), Some(FileInterference::Replaced));
    assert_eq!(new.interference(), None);
    assert_eq!(new.root().unwrap().names().unwrap(), [""; 0]);
    new.root().unwrap().create_group("new").unwrap();
    new.close().and_then(|()| old.close()).unwrap();
    assert_eq!(names(&describe(&path)), ["new"]);
}
