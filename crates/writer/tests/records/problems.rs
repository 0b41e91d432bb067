//! Scans that cannot be saved: what clients can read before, and the reason.

use std::fs;
use std::path::Path;
use std::time::Duration;

use writer::filesystem::{self, DiskSpace, MEBIBYTE};
use writer::options::SaveOptions;
use writer::records::{RecordState, ScanRecords};

use crate::fixture::{ended, in_thread, start, with_session, with_session_options};

/// More bytes than any disk has.
const MORE_THAN_ANY_DISK: u64 = 1 << 60;

#[test]
fn permission_and_space_are_true_before_the_scan_is_prepared() {
    with_session(async |fixture| {
        fs::write(fixture.file("file"), "").unwrap();
        let cases = [
            (fixture.file("a/b/c.h5"), true),
            (fixture.file("file/a.h5"), false),
            (fixture.folder.path().to_owned(), false),
        ];
        let mut scans = Vec::new();
        for (number, (path, writable)) in cases.into_iter().enumerate() {
            let number = number as u64;
            scans.push(fixture.create(number, &path).await);
            let record = fixture.record(&format!("{number}_loopscan")).await;
            assert_eq!(record.has_write_permission().await, writable, "{path:?}");
            let shared = record.clone();
            let may_write =
                in_thread(move || shared.has_write_permission_blocking().unwrap()).await;
            assert_eq!(may_write, writable, "{path:?}");
            record.has_write_permission_blocking().unwrap_err();
            let shared = record.clone();
            let free = in_thread(move || shared.free_space_blocking().unwrap()).await;
            let disk = filesystem::free_space(fixture.folder.path()).unwrap();
            if number != 1 {
                // Other programs write on the same disk.
                assert!(free.unwrap().abs_diff(disk) < 1 << 30, "{free:?} {disk}");
                assert!(record.free_space().await.is_some());
            }
            record.stop();
        }
    });
}

#[test]
fn a_scan_without_a_file_may_be_written() {
    with_session(async |fixture| {
        let scan = fixture.create_with(1, Path::new("/"), |info| {
            info["save"] = false.into();
            info["filename"] = serde_json::Value::Null;
        });
        let _scan = scan.await;
        let record = fixture.record("_1_loopscan").await;
        assert!(record.has_write_permission().await);
        assert_eq!(record.free_space().await, None);
        record.stop();
    });
}

#[test]
fn a_full_disk_is_reported_in_the_words_that_clients_match() {
    assert_eq!(
        filesystem::too_little_space(200 * MEBIBYTE),
        "Free disk space below 200 MB"
    );
    let save = SaveOptions {
        space: DiskSpace {
            required: MORE_THAN_ANY_DISK,
            recommended: MORE_THAN_ANY_DISK,
        },
        retry_time: Duration::ZERO,
        ..SaveOptions::default()
    };
    with_session_options(save, ScanRecords::default(), async |fixture| {
        let mut scan = fixture.create(1, &fixture.file("a.h5")).await;
        let record = fixture.record("1_loopscan").await;
        start(&mut scan, "timer:diode").await;
        let (state, reason) = ended(&record).await;
        assert_eq!(state, RecordState::Fault);
        assert!(
            reason.starts_with(&filesystem::too_little_space(MORE_THAN_ANY_DISK)),
            "{reason}"
        );
        assert!(!fixture.file("a.h5").exists());
    });
}

#[test]
fn the_holders_of_a_locked_file_are_named_in_lines_of_their_own() {
    let save = SaveOptions {
        retry_time: Duration::ZERO,
        ..SaveOptions::default()
    };
    with_session_options(save, ScanRecords::default(), async |fixture| {
        let file = fixture.file("a.h5");
        let holder = testing::hold(&file);
        let mut scan = fixture.create(1, &file).await;
        let record = fixture.record("1_loopscan").await;
        start(&mut scan, "timer:diode").await;
        let (state, reason) = ended(&record).await;
        assert_eq!(state, RecordState::Fault);
        let (locked, holders) = reason.split_once('\n').unwrap();
        assert_eq!(
            locked,
            format!("The Nexus file is locked: '{}'", file.display())
        );
        let pid = format!("process {} (", holder.id());
        assert!(
            holders.starts_with(&pid) && holders.contains("python"),
            "{holders}"
        );
    });
}

/// BLISS closes a scan that it refuses before it has streams. Nothing is lost then, and a writer that waits cannot be
/// stopped.
#[test]
fn a_scan_that_ended_without_streams_is_not_tried_again() {
    with_session(async |fixture| {
        let mut scan = fixture.create(1, Path::new("/proc/nowhere/a.h5")).await;
        let record = fixture.record("1_loopscan").await;
        scan.close("FAILURE").await.unwrap();
        let (state, reason) = ended(&record).await;
        assert_eq!(state, RecordState::Fault);
        assert!(reason.contains("/proc/nowhere"), "{reason}");
    });
}

#[test]
fn a_path_that_is_no_file_is_reported() {
    with_session(async |fixture| {
        fs::write(fixture.file("notes.h5"), "These are notes.").unwrap();
        let mut scan = fixture.create(1, &fixture.file("notes.h5")).await;
        let record = fixture.record("1_loopscan").await;
        start(&mut scan, "timer:diode").await;
        let (state, reason) = ended(&record).await;
        assert_eq!(state, RecordState::Fault);
        assert!(
            reason.contains("not an HDF5 file") && reason.contains("notes.h5"),
            "{reason}"
        );
    });
}
