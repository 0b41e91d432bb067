//! Flushes that wait for the disk, and what a power failure leaves.

#![allow(clippy::unwrap_used)]

mod common;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::{dataset, describe, group, names, nx, python};
use hub::Hub;
use nexus::apply::PendingLinks;
use nexus::file::{Durability, FilePool, FileSession, FileSettings, Recovery, repair};
use observation::{Hdf5Stage, Observation};
use rustix::io::Errno;
use testing::{SystemCall, failing, in_another_boot};

/// Longer than any test: no checkpoint is made for its own sake.
const LONG: Durability = Durability::Every(Duration::from_secs(3600));

fn files(durability: Durability) -> FilePool {
    with_observation(durability, Arc::default())
}

fn with_observation(durability: Durability, observation: Arc<Observation>) -> FilePool {
    let pool = FilePool::new(observation);
    pool.set(FileSettings {
        durability,
        ..FileSettings::default()
    });
    pool
}

fn entry(session: &FileSession, name: &str) {
    let tree = group(vec![(name, nx("NXentry", vec![("title", dataset(name))]))]);
    let written = session.write_tree(&tree, &mut PendingLinks::default());
    assert!(written.errors.is_empty(), "{:?}", written.errors);
}

/// Makes an entry that other processes see.
async fn visible_entry(session: &FileSession, name: &str) {
    session.committed().await;
    entry(session, name);
    session.flush_if_dirty().unwrap();
    session.committed().await;
    assert!(session.is_committed());
}

fn journal_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".journal");
    name.into()
}

/// Returns what a power failure would leave of a file if all that was written had reached the disk.
fn after_power_failure(path: &Path, folder: &Path) -> PathBuf {
    let copy = folder.join("after.h5");
    fs::copy(path, &copy).unwrap();
    let journal = fs::read(journal_of(path)).unwrap();
    fs::write(journal_of(&copy), in_another_boot(journal)).unwrap();
    copy
}

fn run<T>(test: impl Future<Output = T>) -> T {
    Hub::new().unwrap().run(test)
}

#[test]
fn a_power_failure_leaves_the_last_checkpoint() {
    for durability in [Durability::Scan, LONG] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scans.h5");
        run(async {
            let pool = files(durability);
            let session = pool.open(&path).unwrap();
            visible_entry(&session, "1.1").await;
            session.settle().await.unwrap();
            visible_entry(&session, "2.1").await;
            assert_eq!(names(&describe(&path)), ["1.1", "2.1"]);
            let copy = after_power_failure(&path, directory.path());
            let recovery = repair(&copy).unwrap();
            assert!(
                matches!(recovery, Recovery::RolledBack(1..)),
                "{recovery:?}"
            );
            assert_eq!(names(&describe(&copy)), ["1.1"]);
            // The end of the program costs nothing.
            fs::copy(&path, &copy).unwrap();
            fs::copy(journal_of(&path), journal_of(&copy)).unwrap();
            assert_eq!(repair(&copy).unwrap(), Recovery::Completed);
            assert_eq!(names(&describe(&copy)), ["1.1", "2.1"]);
            session.finish().await.unwrap();
            assert!(!journal_of(&path).exists());
            assert_eq!(names(&describe(&path)), ["1.1", "2.1"]);
        });
    }
}

#[test]
fn checkpoints_come_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scans.h5");
    run(async {
        let pool = files("0.001".parse().unwrap());
        let session = pool.open(&path).unwrap();
        for name in ["1.1", "2.1", "3.1"] {
            visible_entry(&session, name).await;
            hub::sleep(Duration::from_millis(2)).await;
            // A file that is not written any more becomes durable as well.
            session.flush_if_dirty().unwrap();
            session.committed().await;
        }
        let copy = after_power_failure(&path, directory.path());
        assert_eq!(repair(&copy).unwrap(), Recovery::RolledBack(0));
        assert_eq!(names(&describe(&copy)), ["1.1", "2.1", "3.1"]);
    });
}

#[test]
fn sessions_that_end_together_share_a_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let observation = Arc::new(Observation::default());
    let _watcher = Observation::watch(&observation);
    let path = directory.path().join("scans.h5");
    run(async {
        let pool = with_observation(Durability::Scan, observation.clone());
        let mut sessions = Vec::new();
        for number in 1..=20 {
            let session = pool.open(&path).unwrap();
            entry(&session, &format!("{number}.1"));
            sessions.push(hub::spawn(async move { session.finish().await }));
        }
        for session in sessions {
            session.await.unwrap().unwrap();
        }
    });
    assert_eq!(names(&describe(&path)).len(), 20);
    // One flush when the file was made, the checkpoint, perhaps another one, and closing.
    let commits = observation.hdf5.stage(Hdf5Stage::Commit).snapshot().count;
    assert!((2..=4).contains(&commits), "{commits}");
}

#[test]
fn a_disk_that_fails_is_reported_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scans.h5");
    {
        let path = &path;
        failing(SystemCall::Synchronise, Errno::IO.raw_os_error(), || {
            run(async {
                let session = files(Durability::Scan).open(path).unwrap();
                entry(&session, "1.1");
                let error = session.settle().await.unwrap_err();
                assert!(error.is_temporary(), "{error}");
                assert!(!session.is_committed());
                assert!(session.flush_if_dirty().is_err());
                assert!(session.finish().await.is_err());
            });
        });
    }
    run(async {
        let session = files(Durability::Scan).open(&path).unwrap();
        entry(&session, "2.1");
        session.finish().await.unwrap();
    });
    assert!(names(&describe(&path)).contains(&"2.1"));
}

#[test]
fn a_file_that_is_being_closed_can_be_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scans.h5");
    // Closing a file of h5py changes it once more.
    let program = "import sys, h5py; h5py.File(sys.argv[1], 'w').create_group('0.1')";
    testing::output(python().args(["-c", program]).arg(&path));
    run(async {
        let pool = files(Durability::Scan);
        for number in 1..=30 {
            pool.closed(&path).await;
            let session = pool.open(&path).unwrap();
            entry(&session, &format!("{number}.1"));
            let ending = hub::spawn(async move { session.finish().await });
            // The next one comes at any moment of the end.
            for _ in 0..number {
                hub::sleep(Duration::ZERO).await;
            }
            if number % 3 == 0 {
                ending.await.unwrap().unwrap();
            }
        }
        pool.closed(&path).await;
    });
    assert_eq!(names(&describe(&path)).len(), 31);
}
