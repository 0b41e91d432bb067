//! A disk that is full for a moment: each operation fails once.

use std::sync::Arc;

use journal::{CommitKind, Durability, Error, Journal};

use crate::common::hdf5::File;
use crate::common::scans::{Content, ScanWriter, content};
use crate::failures::{FailureAndKills, Failures};
use crate::fixture::{Fixture, Kills, options};

const NO_SPACE: i32 = 28;
const BROKEN: i32 = 5;
const INTERRUPTED: i32 = 4;

fn expect_no_room<T: std::fmt::Debug>(result: Result<T, Error>, at: &str) {
    match result {
        Err(Error::NoRoom { .. }) => {}
        other => panic!("{at}: {other:?}"),
    }
}

/// A file with a scan, to which a commit is added whose operation of this number fails.
struct Attempt {
    fixture: Fixture,
    failures: Arc<Failures>,
    journal: Journal,
}

impl Attempt {
    fn new(durability: Durability) -> Attempt {
        let failures = Failures::new();
        let journal = Journal::new(options(durability, Some(failures.clone())));
        Attempt {
            fixture: Fixture::new(),
            failures,
            journal,
        }
    }

    /// Writes a scan and commits it, and adds another that is flushed.
    fn writer(&self) -> ScanWriter<'_> {
        let file = self.fixture.create(&self.journal);
        let mut writer = ScanWriter::new(file, &self.journal);
        writer.begin_scan();
        writer.add_points(20);
        writer.commit().unwrap();
        writer.add_points(40);
        writer.begin_scan();
        writer.add_points(1);
        assert!(writer.file.flush());
        writer
    }

    /// Returns what is in the file if the writer is killed now, before and after the recovery.
    fn contents_after_kill(&self) -> [Content; 2] {
        let killed = self.fixture.killed();
        let before = content(&killed.path).unwrap();
        journal::recover(&killed.path, &options(Durability::Ordered, None)).unwrap();
        assert!(!killed.journal().exists());
        [before, content(&killed.path).unwrap()]
    }
}

const BEFORE: [usize; 1] = [20];
const AFTER: [usize; 2] = [60, 1];

#[test]
fn a_commit_that_fails_changes_nothing_and_can_be_repeated() {
    for (durability, kind) in [
        (Durability::Unordered, CommitKind::Visible),
        (Durability::Ordered, CommitKind::Visible),
        (Durability::Ordered, CommitKind::Checkpoint),
    ] {
        let mut number = 0;
        loop {
            let attempt = Attempt::new(durability);
            let mut writer = attempt.writer();
            attempt.failures.arm(number, NO_SPACE);
            let committed = attempt.journal.commit(kind);
            let Some(failure) = attempt.failures.disarm() else {
                assert!(committed.unwrap());
                break;
            };
            let at = format!("{durability:?} {kind:?} {number} {}", failure.operation);
            expect_no_room(committed, &at);
            let [found, recovered] = attempt.contents_after_kill();
            match failure.has_changed {
                true => assert_eq!(found, AFTER, "{at}"),
                false => assert_eq!(found, BEFORE, "{at}"),
            }
            // The commit may be in the journal.
            assert!(
                recovered == BEFORE || recovered == AFTER,
                "{at}: {recovered:?}"
            );
            writer.add_points(2);
            assert!(writer.file.flush());
            // What was not durable need not become so.
            let committed = attempt.journal.commit(CommitKind::Visible);
            assert!(committed.unwrap(), "{at}");
            let [found, recovered] = attempt.contents_after_kill();
            assert_eq!(found, writer.content, "{at}");
            assert_eq!(recovered, writer.content, "{at}");
            writer.add_points(30);
            let expected = writer.content.clone();
            assert!(writer.file.close());
            attempt.journal.finish().unwrap();
            assert_eq!(content(&attempt.fixture.path), Ok(expected), "{at}");
            number += 1;
        }
        // Lengths, room, raw data, new objects, the journal, changed objects.
        assert!(number >= 6, "{number}");
    }
}

/// The commit that has failed may be in the journal, and what is new in it is written again.
#[test]
fn a_kill_while_a_commit_is_repeated_costs_nothing() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        let mut number = 0;
        loop {
            let fixture = Fixture::new();
            let (failures, kills) = (Failures::new(), Kills::of(&fixture));
            let both = FailureAndKills(failures.clone(), kills.clone());
            let journal = Journal::new(options(durability, Some(Arc::new(both))));
            let attempt = Attempt {
                fixture,
                failures,
                journal,
            };
            let mut writer = attempt.writer();
            attempt.failures.arm(number, NO_SPACE);
            let committed = attempt.journal.commit(CommitKind::Visible);
            let Some(failure) = attempt.failures.disarm() else {
                assert!(committed.unwrap());
                break;
            };
            kills.take();
            writer.add_points(30);
            writer.begin_scan();
            writer.add_points(2);
            assert!(writer.file.flush());
            assert!(attempt.journal.commit(CommitKind::Visible).unwrap());
            for (moment, remains) in kills.take().iter().enumerate() {
                let at = format!("{durability:?} {} {moment}", failure.operation);
                journal::recover(&remains.path, &options(durability, None)).unwrap();
                let found = content(&remains.path);
                let found = found.unwrap_or_else(|problem| panic!("{at}: {problem}"));
                let all = [&BEFORE[..], &AFTER[..], &writer.content];
                assert!(all.contains(&&*found), "{at}: {found:?}");
            }
            number += 1;
        }
        assert!(number >= 6, "{number}");
    }
}

#[test]
fn after_a_commit_that_fails_the_last_one_can_be_kept() {
    let mut number = 0;
    loop {
        let attempt = Attempt::new(Durability::Ordered);
        let writer = attempt.writer();
        attempt.failures.arm(number, NO_SPACE);
        let committed = attempt.journal.commit(CommitKind::Visible);
        let Some(failure) = attempt.failures.disarm() else {
            assert!(committed.unwrap());
            break;
        };
        let at = format!("{number} {}", failure.operation);
        expect_no_room(committed, &at);
        assert!(writer.file.close());
        attempt.journal.discard().unwrap();
        assert!(!attempt.fixture.journal().exists(), "{at}");
        assert!(attempt.fixture.length() < 60_000, "{at}");
        assert_eq!(content(&attempt.fixture.path), Ok(BEFORE.into()), "{at}");
        number += 1;
    }
    assert!(number >= 6, "{number}");
}

#[test]
fn a_file_is_finished_when_there_is_room_again() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        let mut number = 0;
        loop {
            let attempt = Attempt::new(durability);
            let writer = attempt.writer();
            assert!(writer.file.close());
            attempt.failures.arm(number, NO_SPACE);
            let finished = attempt.journal.finish();
            let Some(failure) = attempt.failures.disarm() else {
                finished.unwrap();
                break;
            };
            let at = format!("{durability:?} {number} {}", failure.operation);
            expect_no_room(finished, &at);
            let [found, _] = attempt.contents_after_kill();
            match failure.has_changed {
                true => assert_eq!(found, AFTER, "{at}"),
                false => assert_eq!(found, BEFORE, "{at}"),
            }
            attempt.journal.finish().unwrap();
            assert_eq!(content(&attempt.fixture.path), Ok(AFTER.into()), "{at}");
            assert!(!attempt.fixture.journal().exists(), "{at}");
            number += 1;
        }
        assert!(number >= 6, "{number}");
    }
}

#[test]
fn raw_data_without_room_wait_for_the_next_commit() {
    let attempt = Attempt::new(Durability::Unordered);
    let mut writer = attempt.writer();
    assert!(attempt.journal.commit(CommitKind::Visible).unwrap());
    writer.begin_scan();
    attempt.failures.arm(0, NO_SPACE);
    // More than the library keeps in memory.
    writer.add_points(100);
    assert!(attempt.failures.disarm().is_some());
    let expected = writer.content.clone();
    assert!(writer.file.flush());
    assert!(attempt.journal.commit(CommitKind::Visible).unwrap());
    assert_eq!(content(&attempt.fixture.path), Ok(expected));
}

#[test]
fn raw_data_without_room_are_replaced_by_later_ones() {
    let attempt = Attempt::new(Durability::Unordered);
    let mut writer = attempt.writer();
    assert!(attempt.journal.commit(CommitKind::Visible).unwrap());
    writer.begin_scan();
    attempt.failures.arm(0, NO_SPACE);
    writer.add_points(3);
    assert!(writer.file.flush());
    assert!(attempt.failures.disarm().is_some());
    // The same chunks are written again, at the same place, before the next commit.
    writer.add_points(4);
    let expected = writer.content.clone();
    assert!(writer.file.flush());
    assert!(attempt.journal.commit(CommitKind::Visible).unwrap());
    assert_eq!(content(&attempt.fixture.path), Ok(expected));
}

#[test]
fn raw_data_that_cannot_be_written_leave_the_last_commit() {
    let attempt = Attempt::new(Durability::Unordered);
    let mut writer = attempt.writer();
    assert!(attempt.journal.commit(CommitKind::Visible).unwrap());
    writer.begin_scan();
    attempt.failures.arm(0, BROKEN);
    let path = "3.1/instrument/channel0";
    let values: Vec<i64> = (0..100).collect();
    assert!(!writer.file.append(path, &values));
    let failure = attempt.journal.take_failure();
    assert!(matches!(failure, Some(Error::Io { .. })), "{failure:?}");
    assert!(attempt.journal.take_failure().is_none());
    assert!(attempt.failures.disarm().is_some());
    let refused = attempt.journal.commit(CommitKind::Visible);
    assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
    writer.file.close();
    attempt.journal.discard().unwrap();
    assert_eq!(content(&attempt.fixture.path), Ok(AFTER.into()));
}

#[test]
fn a_file_that_cannot_be_opened_stays_as_it_is() {
    let attempt = Attempt::new(Durability::Ordered);
    let writer = attempt.writer();
    assert!(attempt.journal.commit(CommitKind::Visible).unwrap());
    let killed = attempt.fixture.killed();
    drop(writer);
    let mut number = 0;
    loop {
        let fixture = killed.killed();
        let failures = Failures::new();
        let journal = Journal::new(options(Durability::Ordered, Some(failures.clone())));
        failures.arm(number, NO_SPACE);
        let opened = File::open(&fixture.path, Some(&journal));
        let Some(failure) = failures.disarm() else {
            assert!(opened.unwrap().close());
            journal.finish().unwrap();
            break;
        };
        let at = format!("{number} {}", failure.operation);
        assert!(opened.is_none(), "{at}");
        expect_no_room(Err::<(), _>(journal.take_failure().unwrap()), &at);
        assert_eq!(content(&fixture.path), Ok(AFTER.into()), "{at}");
        let file = fixture.open(&journal);
        let mut writer = ScanWriter::go_on(file, &journal, AFTER.into());
        writer.begin_scan();
        writer.commit().unwrap();
        assert!(writer.file.close());
        journal.finish().unwrap();
        assert_eq!(content(&fixture.path), Ok(vec![60, 1, 0]), "{at}");
        number += 1;
    }
    assert!(number >= 3, "{number}");
}

#[test]
fn an_interrupted_call_is_repeated() {
    let attempt = Attempt::new(Durability::Unordered);
    let writer = attempt.writer();
    for number in 0..3 {
        attempt.failures.arm(number, INTERRUPTED);
        assert!(attempt.journal.reserve(1000).is_ok());
    }
    drop(writer);
}
