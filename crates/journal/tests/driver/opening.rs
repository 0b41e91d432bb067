//! Readers that are just opening a file when a writer appends to it.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use journal::{CommitKind, Durability, Journal, Observer, Operation, Options, Target};

use crate::common::scans::ScanWriter;
use crate::fixture::{Fixture, options};

const OPENING_TIME: Duration = Duration::from_millis(300);

/// Length of the superblock.
const SUPERBLOCK: u64 = 96;

/// Notes when bytes of the file are changed, and where.
#[derive(Debug, Default)]
struct Writes(Mutex<Vec<(Instant, u64)>>);

impl Writes {
    /// Returns the pauses between a change of the superblock and the change of something else that followed.
    fn pauses(&self) -> Vec<Duration> {
        let writes = std::mem::take(&mut *self.0.lock().unwrap());
        let pairs = writes.windows(2);
        let pairs = pairs.filter(|pair| pair[0].1 < SUPERBLOCK && pair[1].1 >= SUPERBLOCK);
        pairs.map(|pair| pair[1].0 - pair[0].0).collect()
    }
}

impl Observer for Writes {
    fn before(&self, target: Target, operation: Operation<'_>) -> io::Result<()> {
        if let (Target::Data, Operation::Write(address, _)) = (target, operation) {
            self.0.lock().unwrap().push((Instant::now(), address));
        }
        Ok(())
    }
}

#[test]
fn a_commit_behind_the_end_waits_for_readers_that_open_the_file() {
    let fixture = Fixture::new();
    let writes = Arc::new(Writes::default());
    let open = |opening_time| {
        Journal::new(Options {
            opening_time,
            ..options(Durability::Unordered, Some(writes.clone()))
        })
    };
    let journal = open(Duration::ZERO);
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    writer.begin_scan();
    writer.add_points(40);
    writer.commit().unwrap();
    assert!(writer.file.close());
    journal.finish().unwrap();
    writes.pauses();

    // What the program that has the file open has read of it is not known.
    let _reader = std::fs::File::open(&fixture.path).unwrap();
    let journal = open(OPENING_TIME);
    let mut writer = ScanWriter::go_on(fixture.open(&journal), &journal, vec![40]);
    let mut commit = |kind| {
        writer.begin_scan();
        writer.add_points(40);
        assert!(writer.file.flush());
        journal.commit(kind).unwrap();
        writes.pauses()
    };
    let waited = |pauses: Vec<Duration>| pauses.len() == 1 && pauses[0] >= OPENING_TIME;
    // The end in the superblock is changed, and after a pause what refers to what is behind it.
    assert!(waited(commit(CommitKind::Visible)));
    // There is room for the next one, until a checkpoint has left none.
    assert_eq!(commit(CommitKind::FinalCheckpoint), []);
    assert!(waited(commit(CommitKind::Visible)));
}

#[test]
fn a_commit_waits_for_nobody_if_nobody_has_the_file_open() {
    let fixture = Fixture::in_memory();
    let open = || {
        Journal::new(Options {
            opening_time: Duration::MAX / 2,
            ..options(Durability::Unordered, None)
        })
    };
    let journal = open();
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    for points in [20, 40] {
        writer.begin_scan();
        writer.add_points(points);
        writer.commit().unwrap();
    }
    assert!(writer.file.flush());
    journal.commit(CommitKind::FinalCheckpoint).unwrap();
    assert!(writer.file.close());
    journal.finish().unwrap();

    let journal = open();
    let mut writer = ScanWriter::go_on(fixture.open(&journal), &journal, vec![20, 40]);
    writer.begin_scan();
    writer.commit().unwrap();
    assert!(writer.file.close());
    journal.finish().unwrap();
}

#[test]
fn a_commit_waits_until_a_reader_closes_the_file() {
    let fixture = Fixture::in_memory();
    let journal = Journal::new(Options {
        opening_time: Duration::MAX / 2,
        ..options(Durability::Unordered, None)
    });
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    writer.begin_scan();
    writer.add_points(20);
    writer.commit().unwrap();
    // It leaves no room behind the end.
    journal.commit(CommitKind::FinalCheckpoint).unwrap();
    let reader = std::fs::File::open(&fixture.path).unwrap();
    writer.begin_scan();
    assert!(writer.file.flush());
    let commit = journal.freeze(CommitKind::Visible).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            commit.unwrap().run().unwrap();
            assert!(sender.send(()).is_ok());
        });
        // It cannot end before the reader has closed the file; a moment is enough to see it end if it did.
        let early = receiver.recv_timeout(Duration::from_millis(100));
        assert!(early.is_err());
        drop(reader);
        receiver.recv().unwrap();
    });
    assert!(writer.file.close());
    journal.finish().unwrap();
}
