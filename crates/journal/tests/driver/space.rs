//! How long files are, and what becomes of space that is not needed any more.

use journal::{CommitKind, Durability, HEADROOM, Journal, Options, recover};
use testing::Program;

use crate::common::scans::{ScanWriter, content};
use crate::fixture::{self, Fixture, Reading, h5py, options};

/// Writes a scan and commits it.
fn writer<'a>(fixture: &Fixture, journal: &'a Journal) -> ScanWriter<'a> {
    let mut writer = ScanWriter::new(fixture.create(journal), journal);
    writer.begin_scan();
    writer.add_points(20);
    writer.commit().unwrap();
    writer
}

#[test]
fn an_open_file_looks_longer_than_it_is() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        let fixture = Fixture::new();
        let journal = Journal::new(Options {
            durability,
            ..Options::default()
        });
        let writer = writer(&fixture, &journal);
        assert!(fixture.length() >= HEADROOM);
        let killed = fixture.killed();
        assert!(writer.file.close());
        journal.finish().unwrap();
        recover(&killed.path, &Options::default()).unwrap();
        for fixture in [fixture, killed] {
            // Not more than what is in it.
            assert!(fixture.length() < 30_000, "{}", fixture.length());
            assert_eq!(fixture.length(), end_for_h5py(&fixture));
            assert_eq!(content(&fixture.path), Ok(vec![20]));
        }
    }
}

/// Returns the length that the file has for the library of h5py.
fn end_for_h5py(fixture: &Fixture) -> u64 {
    const PROGRAM: &str = "
import sys, h5py
with h5py.File(sys.argv[1], 'r') as file:
    print(file.id.get_filesize())
";
    let printed = testing::output(h5py(PROGRAM).arg(&fixture.path));
    printed.trim().parse().unwrap()
}

#[test]
fn without_headroom_a_file_is_as_long_as_it_is() {
    let fixture = Fixture::new();
    let journal = Journal::new(Options {
        headroom: 0,
        ..Options::default()
    });
    let writer = writer(&fixture, &journal);
    assert!(fixture.length() < 30_000, "{}", fixture.length());
    // What is reserved is given back.
    assert!(journal.reserve(1 << 20).unwrap());
    let blocks = |fixture: &Fixture| {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(&fixture.path).unwrap().blocks()
    };
    assert!(blocks(&fixture) >= 2048);
    assert!(writer.file.close());
    journal.finish().unwrap();
    assert!(blocks(&fixture) < 2048, "{}", blocks(&fixture));
    assert_eq!(content(&fixture.path), Ok(vec![20]));
}

#[test]
fn a_reader_that_was_there_before_reads_what_was_appended_later() {
    const PROGRAM: &str = "
import signal, sys
# Before there are threads of numpy, which would not block it.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
import h5py
with h5py.File(sys.argv[1], 'r', locking=False) as file:
    print('open', file=sys.stderr, flush=True)
    signal.sigwait([signal.SIGTERM])
    values = file['1.1/instrument/channel1'][-1]
print('read', values, file=sys.stderr, flush=True)
";
    let fixture = Fixture::new();
    let journal = Journal::new(Options::default());
    let mut writer = writer(&fixture, &journal);
    let mut reader = Program::start(h5py(PROGRAM).arg(&fixture.path));
    reader.wait_for("open");
    // The reader has not read the dataset before.
    writer.add_points(10_000);
    writer.begin_scan();
    writer.commit().unwrap();
    reader.signal("TERM");
    reader.wait_for("read 1160305");
    assert!(writer.file.close());
    journal.finish().unwrap();
}

/// A reader has looked up a dataset that is removed then, and its space must not get new content.
#[test]
fn freed_space_is_not_used_again() {
    const PROGRAM: &str = "
import signal, sys
# Before there are threads of numpy, which would not block it.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
import h5py
with h5py.File(sys.argv[1], 'r', locking=False) as file:
    dataset = file['1.1/instrument/channel0']
    chunks = [dataset.id.get_chunk_info(index) for index in range(dataset.id.get_num_chunks())]
    print('open', file=sys.stderr, flush=True)
    signal.sigwait([signal.SIGTERM])
import numpy
raw = open(sys.argv[1], 'rb')
values = []
for chunk in chunks:
    raw.seek(chunk.byte_offset)
    values.extend(numpy.frombuffer(raw.read(chunk.size), 'i8').tolist())
print('first', values[0], 'last', values[4999], file=sys.stderr, flush=True)
";
    let fixture = Fixture::new();
    let journal = fixture::journal(None);
    let mut writer = writer(&fixture, &journal);
    writer.add_points(4980);
    writer.commit().unwrap();
    let mut reader = Program::start(h5py(PROGRAM).arg(&fixture.path));
    reader.wait_for("open");
    writer.file.remove("1.1/instrument/channel0");
    writer.begin_scan();
    writer.add_points(6000);
    writer.commit().unwrap();
    writer.add_points(6000);
    writer.commit().unwrap();
    reader.signal("TERM");
    reader.wait_for("first 1000000 last 1079984");
    assert!(writer.file.close());
    journal.finish().unwrap();
    let found = fixture.found(Reading::Locked);
    assert!(!found.contains_key("1.1/instrument/channel0"));
    assert_eq!(
        found["2.1/instrument/channel0"].as_array().unwrap().len(),
        12_000
    );
}

#[test]
fn space_is_reserved_before_it_is_needed() {
    let fixture = Fixture::new();
    let journal = Journal::new(options(Durability::Ordered, None));
    let mut writer = writer(&fixture, &journal);
    assert!(journal.reserve(1 << 20).unwrap());
    writer.add_points(10_000);
    assert!(writer.file.flush());
    assert!(journal.commit(CommitKind::Visible).unwrap());
    assert!(writer.file.close());
    journal.finish().unwrap();
    assert_eq!(content(&fixture.path), Ok(vec![10_020]));
}
