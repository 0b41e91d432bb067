//! Commits that another thread writes while the library goes on.

use std::sync::mpsc::channel;
use std::thread;

use journal::{CommitKind, Durability, Journal, PendingCommit, recover};

use crate::common::hdf5::{Bounds, File};
use crate::common::scans::{ScanWriter, content, expect_all};
use crate::fixture::{Fixture, options};

#[test]
fn the_library_goes_on_while_a_commit_is_written() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        let fixture = Fixture::new();
        let journal = Journal::new(options(durability, None));
        let (to_writer, commits) = channel::<PendingCommit>();
        let committing = thread::spawn(move || {
            for commit in commits {
                commit.run().unwrap();
            }
        });
        let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
        for step in 0..300 {
            match step % 20 {
                0 => writer.begin_scan(),
                _ => writer.add_points(step % 13 + 1),
            }
            assert!(writer.file.flush());
            let kind = match step % 5 {
                0 => CommitKind::Checkpoint,
                _ => CommitKind::Visible,
            };
            if let Some(commit) = journal.freeze(kind).unwrap() {
                to_writer.send(commit).unwrap();
            }
            // The library reads what is being committed.
            let scan = writer.content.len();
            let values = writer.file.values(&format!("{scan}.1/instrument/channel1"));
            assert_eq!(values.unwrap().len(), writer.content[scan - 1]);
            if step % 50 == 0 {
                writer.add_points(3);
                // Waits for the commit before.
                assert!(writer.file.flush());
                let _none_of_it_is_lost = journal.freeze(CommitKind::Visible).unwrap();
            }
        }
        drop(to_writer);
        committing.join().unwrap();
        assert!(!journal.is_committing());
        assert!(writer.file.flush());
        journal.commit(CommitKind::Visible).unwrap();
        let killed = fixture.killed();
        recover(&killed.path, &options(durability, None)).unwrap();
        assert_eq!(content(&killed.path), Ok(writer.content.clone()));
        let expected = writer.content.clone();
        assert!(writer.file.close());
        journal.finish().unwrap();
        assert_eq!(content(&fixture.path), Ok(expected));
    }
}

#[test]
fn a_commit_has_what_was_flushed_when_it_was_taken() {
    let fixture = Fixture::new();
    let journal = Journal::new(options(Durability::Unordered, None));
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    writer.begin_scan();
    writer.add_points(20);
    writer.commit().unwrap();
    writer.add_points(30);
    assert!(writer.file.flush());
    let commit = journal.freeze(CommitKind::Visible).unwrap().unwrap();
    assert!(journal.is_committing());
    writer.add_points(100);
    writer.begin_scan();
    writer.add_points(4);
    assert!(writer.file.flush());
    assert_eq!(content(&fixture.path), Ok(vec![20]));
    commit.run().unwrap();
    assert!(!journal.is_committing());
    assert_eq!(content(&fixture.path), Ok(vec![50]));
    assert!(journal.commit(CommitKind::Visible).unwrap());
    assert_eq!(content(&fixture.path), Ok(vec![150, 4]));
}

#[test]
fn a_commit_that_is_dropped_belongs_to_the_next() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        let fixture = Fixture::new();
        let journal = Journal::new(options(durability, None));
        let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
        writer.begin_scan();
        // The first commit as well.
        for points in [20, 50, 3, 90] {
            writer.add_points(points);
            assert!(writer.file.flush());
            let commit = journal.freeze(CommitKind::Visible).unwrap();
            writer.add_points(7);
            drop(commit.unwrap());
            assert!(!journal.is_committing());
            writer.add_points(1);
            writer.commit().unwrap();
            assert_eq!(content(&fixture.path), Ok(writer.content.clone()));
        }
        let expected = writer.content.clone();
        assert!(writer.file.close());
        journal.finish().unwrap();
        assert_eq!(content(&fixture.path), Ok(expected));
    }
}

/// The file is closed while a commit is being written.
#[test]
fn a_file_is_finished_behind_the_commit_before() {
    let fixture = Fixture::new();
    let journal = Journal::new(options(Durability::Ordered, None));
    let file = File::create(&fixture.path, Some(&journal), Bounds::Latest, 0).unwrap();
    let mut writer = ScanWriter::new(file, &journal);
    writer.begin_scan();
    writer.add_points(20);
    assert!(writer.file.flush());
    let commit = journal.freeze(CommitKind::Visible).unwrap().unwrap();
    writer.add_points(60);
    let expected = writer.content.clone();
    assert!(writer.file.close());
    let finishing = thread::spawn({
        let journal = journal.clone();
        move || journal.finish()
    });
    commit.run().unwrap();
    finishing.join().unwrap().unwrap();
    expect_all(&fixture.path, &expected).unwrap();
    assert!(!fixture.journal().exists());
}
