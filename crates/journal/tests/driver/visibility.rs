//! What readers see of a file that is being written.

use journal::{CommitKind, Durability, Journal};
use serde_json::Value as Json;
use testing::Program;

use crate::common::scans::{ScanWriter, expect_found};
use crate::fixture::{Fixture, Reading, h5py, journal, options};

fn expect(fixture: &Fixture, content: &[usize]) {
    for reading in [Reading::Locked, Reading::Unlocked] {
        expect_found(&fixture.found(reading), content);
    }
}

#[test]
fn h5py_sees_what_is_committed_and_nothing_else() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        let fixture = Fixture::new();
        let journal = Journal::new(options(durability, None));
        let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
        writer.begin_scan();
        writer.add_points(20);
        writer.commit().unwrap();
        expect(&fixture, &[20]);
        // More than a chunk, so that raw data are written at once, and more metadata than one object.
        writer.add_points(70);
        writer.begin_scan();
        writer.add_points(3);
        expect(&fixture, &[20]);
        assert!(writer.file.flush());
        expect(&fixture, &[20]);
        assert!(journal.commit(CommitKind::Visible).unwrap());
        expect(&fixture, &[90, 3]);
        writer.add_points(1);
        assert!(writer.file.close());
        expect(&fixture, &[90, 3]);
        journal.finish().unwrap();
        expect(&fixture, &[90, 4]);
        assert!(!fixture.journal().exists());
    }
}

#[test]
fn without_changes_there_is_no_commit() {
    let fixture = Fixture::new();
    let journal = journal(None);
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    writer.begin_scan();
    assert!(writer.file.flush());
    assert!(journal.commit(CommitKind::Visible).unwrap());
    assert!(!journal.commit(CommitKind::Visible).unwrap());
    // What is visible already may become durable.
    assert!(journal.commit(CommitKind::Checkpoint).unwrap());
}

#[test]
fn values_that_are_overwritten_stay_until_the_commit() {
    let path = "1.1/instrument/channel0";
    let expect = |fixture: &Fixture, value: i64| {
        let found = fixture.found(Reading::Unlocked);
        assert_eq!(found[path][3], Json::from(value));
        assert_eq!(found[path][4], Json::from(1_000_064));
    };
    for is_discarded in [false, true] {
        let fixture = Fixture::new();
        let journal = journal(None);
        let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
        writer.begin_scan();
        writer.add_points(100);
        writer.commit().unwrap();
        assert!(writer.file.write(path, 3, &[7]));
        assert_eq!(writer.file.values(path).unwrap()[3], 7);
        expect(&fixture, 1_000_048);
        writer.commit().unwrap();
        expect(&fixture, 7);
        assert!(writer.file.write(path, 3, &[8]));
        assert!(writer.file.close());
        expect(&fixture, 7);
        if is_discarded {
            journal.discard().unwrap();
            expect(&fixture, 7);
        } else {
            journal.finish().unwrap();
            expect(&fixture, 8);
        }
    }
}

/// Readers with a lock, who stay while the writer works.
#[test]
fn a_reader_stops_no_writer() {
    const PROGRAM: &str = "
import signal, sys
# Before there are threads of numpy, which would not block it.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
import h5py
with h5py.File(sys.argv[1], 'r'):
    print('open', file=sys.stderr, flush=True)
    signal.sigwait([signal.SIGTERM])
print('closed', file=sys.stderr, flush=True)
";
    let read = |fixture: &Fixture| {
        let mut reader = Program::start(h5py(PROGRAM).arg(&fixture.path));
        reader.wait_for("open");
        reader
    };
    let fixture = Fixture::new();
    let first = journal(None);
    let mut writer = ScanWriter::new(fixture.create(&first), &first);
    writer.begin_scan();
    writer.add_points(5);
    assert!(writer.file.close());
    first.finish().unwrap();
    let mut before = read(&fixture);
    let second = journal(None);
    let mut writer = ScanWriter::go_on(fixture.open(&second), &second, vec![5]);
    writer.add_points(60);
    writer.commit().unwrap();
    let mut meanwhile = read(&fixture);
    writer.begin_scan();
    writer.add_points(60);
    writer.commit().unwrap();
    assert!(writer.file.close());
    second.finish().unwrap();
    for reader in [&mut before, &mut meanwhile] {
        reader.signal("TERM");
        reader.wait_for("closed");
    }
    expect(&fixture, &[65, 60]);
}
