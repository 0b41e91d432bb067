//! Journals that are missing, damaged, left over, or cannot be opened.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use journal::{CommitKind, Durability, Error, Journal, Options, Recovery, recover};
use testing::{SystemCall, failing};

use crate::common::hdf5::{Bounds, File};
use crate::common::scans::{ScanWriter, content};
use crate::fixture::{Fixture, journal, journal_of, options};

const NO_PERMISSION: i32 = 13;

/// What a killed writer leaves: a scan of 20 points at the last checkpoint, and 60 at the last commit.
fn left_behind() -> Fixture {
    let fixture = Fixture::new();
    let journal = Journal::new(options(Durability::Ordered, None));
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    writer.begin_scan();
    writer.add_points(20);
    assert!(writer.file.flush());
    journal.commit(CommitKind::Checkpoint).unwrap();
    writer.add_points(40);
    assert!(writer.file.flush());
    journal.commit(CommitKind::Visible).unwrap();
    fixture.killed()
}

fn expect_refused(journal: &Journal, path: &Path, at: &Path, kind: ErrorKind) {
    match journal.take_failure() {
        Some(Error::Io { file, source, .. }) => {
            assert_eq!((&*file, source.kind()), (at, kind), "{}", path.display());
        }
        other => panic!("{other:?}"),
    }
}

/// Adds a point to a file of 60.
fn go_on(fixture: &Fixture) {
    let journal = journal(None);
    let mut writer = ScanWriter::go_on(fixture.open(&journal), &journal, vec![60]);
    writer.add_points(1);
    writer.commit().unwrap();
    assert!(writer.file.close());
    journal.finish().unwrap();
    assert_eq!(content(&fixture.path), Ok(vec![61]));
    assert!(!fixture.journal().exists());
}

#[test]
fn a_damaged_journal_leaves_the_file_as_it_is() {
    let whole = fs::read(left_behind().journal()).unwrap();
    let noise: Vec<u8> = (0..9000u32)
        .map(|index| (index * index / 7) as u8)
        .collect();
    let mut wrong = whole.clone();
    wrong[2048 + 20] ^= 1;
    wrong[20] ^= 1;
    let damaged = [
        Vec::new(),
        b"H5JRNL02".to_vec(),
        noise,
        vec![0; 100_000],
        whole[..143].to_vec(),
        wrong,
    ];
    for (number, bytes) in damaged.into_iter().enumerate() {
        let fixture = left_behind();
        let before = fs::read(&fixture.path).unwrap();
        fs::write(fixture.journal(), bytes).unwrap();
        let recovery = recover(&fixture.path, &Options::default()).unwrap();
        assert_eq!(recovery, Recovery::InOrder, "{number}");
        assert!(!fixture.journal().exists());
        assert!(fs::read(&fixture.path).unwrap() == before);
        go_on(&fixture);
    }
}

/// The length of a journal says nothing about the memory that it takes.
#[test]
fn a_journal_that_is_a_large_hole_is_harmless() {
    for is_empty in [true, false] {
        let fixture = left_behind();
        let journal = OpenOptions::new().write(true).open(fixture.journal());
        let journal = journal.unwrap();
        if is_empty {
            journal.set_len(0).unwrap();
        }
        // 8 TiB, which all usual file systems can have.
        journal.set_len(8 << 40).unwrap();
        let expected = match is_empty {
            true => Recovery::InOrder,
            false => Recovery::Completed,
        };
        let recovery = recover(&fixture.path, &Options::default()).unwrap();
        assert_eq!(recovery, expected);
        go_on(&fixture);
    }
}

#[test]
fn the_journal_of_a_file_that_was_removed_is_removed() {
    let fixture = left_behind();
    fs::remove_file(&fixture.path).unwrap();
    let recovery = recover(&fixture.path, &Options::default()).unwrap();
    assert_eq!(recovery, Recovery::InOrder);
    assert!(!fixture.journal().exists());
    assert!(!fixture.path.exists());
}

#[test]
fn the_journal_of_a_file_that_was_removed_does_not_count_for_a_new_one() {
    for is_other_boot in [false, true] {
        let fixture = left_behind();
        if is_other_boot {
            fixture.in_another_boot();
        }
        fs::remove_file(&fixture.path).unwrap();
        let first = journal(None);
        let mut writer = ScanWriter::new(fixture.create(&first), &first);
        writer.begin_scan();
        writer.add_points(7);
        writer.commit().unwrap();
        let killed = fixture.killed();
        drop(writer);
        first.discard().unwrap();
        recover(&killed.path, &Options::default()).unwrap();
        for path in [&fixture.path, &killed.path] {
            assert_eq!(content(path), Ok(vec![7]));
        }
        // Neither for a file that another program has made there.
        let other = left_behind();
        fs::copy(&fixture.path, &other.path).unwrap();
        if is_other_boot {
            other.in_another_boot();
        }
        let recovery = recover(&other.path, &Options::default()).unwrap();
        assert_eq!(recovery, Recovery::Foreign);
        assert_eq!(content(&other.path), Ok(vec![7]));
    }
}

#[test]
fn a_journal_that_cannot_be_opened_leaves_everything_as_it_is() {
    let fixture = left_behind();
    let before = fs::read(fixture.journal()).unwrap();
    let journal = journal(None);
    let opened = failing(SystemCall::Open, NO_PERMISSION, || {
        File::open(&fixture.path, Some(&journal)).is_some()
    });
    assert!(!opened);
    let denied = ErrorKind::PermissionDenied;
    expect_refused(&journal, &fixture.path, &fixture.journal(), denied);
    let recovered = failing(SystemCall::Open, NO_PERMISSION, || {
        recover(&fixture.path, &Options::default())
    });
    match recovered {
        Err(Error::Io { source, .. }) => assert_eq!(source.kind(), denied),
        other => panic!("{other:?}"),
    }
    assert!(fs::read(fixture.journal()).unwrap() == before);
    go_on(&fixture);
}

#[test]
fn a_directory_in_place_of_the_journal_is_an_error() {
    let fixture = left_behind();
    fs::remove_file(fixture.journal()).unwrap();
    fs::create_dir(fixture.journal()).unwrap();
    let journal = journal(None);
    assert!(File::open(&fixture.path, Some(&journal)).is_none());
    let kind = ErrorKind::IsADirectory;
    expect_refused(&journal, &fixture.path, &fixture.journal(), kind);
    assert_eq!(content(&fixture.path), Ok(vec![60]));
}

#[test]
fn a_directory_that_is_missing_is_an_error() {
    let fixture = Fixture::new();
    let path = fixture.folder().join("missing/scans.h5");
    let journal = journal(None);
    assert!(File::open(&path, Some(&journal)).is_none());
    expect_refused(&journal, &path, &path, ErrorKind::NotFound);
    assert!(File::create(&path, Some(&journal), Bounds::Earliest, 0).is_none());
    expect_refused(&journal, &path, &journal_of(&path), ErrorKind::NotFound);
}

#[test]
fn a_missing_file_gets_no_journal() {
    let fixture = Fixture::new();
    let journal = journal(None);
    assert!(File::open(&fixture.path, Some(&journal)).is_none());
    expect_refused(&journal, &fixture.path, &fixture.path, ErrorKind::NotFound);
    assert!(!fixture.journal().exists());
}

/// Each name has a journal of its own.
#[test]
fn a_file_with_two_names_has_one_writer() {
    let fixture = Fixture::new();
    let first = journal(None);
    assert!(fixture.create(&first).close());
    first.finish().unwrap();
    let other_name = fixture.folder().join("other.h5");
    fs::hard_link(&fixture.path, &other_name).unwrap();
    let mut writer = ScanWriter::new(fixture.open(&first), &first);
    writer.begin_scan();
    writer.add_points(20);
    writer.commit().unwrap();
    let second = journal(None);
    assert!(File::open(&other_name, Some(&second)).is_none());
    assert!(matches!(second.take_failure(), Some(Error::Held { .. })));
    assert!(!journal_of(&other_name).exists());
    // The writer is killed, and the next uses the other name.
    let killed = fixture.killed();
    assert!(writer.file.close());
    first.finish().unwrap();
    let other_name = killed.folder().join("other.h5");
    fs::hard_link(&killed.path, &other_name).unwrap();
    let file = File::open(&other_name, Some(&second)).unwrap();
    let mut writer = ScanWriter::go_on(file, &second, vec![20]);
    writer.add_points(30);
    writer.begin_scan();
    writer.commit().unwrap();
    assert!(writer.file.close());
    second.finish().unwrap();
    let recovery = recover(&killed.path, &Options::default()).unwrap();
    assert_eq!(recovery, Recovery::Foreign);
    assert_eq!(content(&killed.path), Ok(vec![50, 0]));
}
