//! There is one writer.

use std::env;
use std::path::Path;
use std::process::Command;

use journal::{CommitKind, Error, Journal, Options};
use testing::Program;

use crate::common::hdf5::{File, open_with_errors};
use crate::common::scans::{ScanWriter, content, expect_all, expect_found};
use crate::fixture::{Fixture, Reading, change, h5py, journal};

const FILE: &str = "JOURNAL_TEST_FILE";

/// Writes a scan, point by point, until it is killed. Is started by other tests.
#[test]
#[ignore = "runs for ever"]
fn writes_until_it_is_killed() {
    let path = env::var_os(FILE).unwrap();
    let journal = Journal::new(Options::default());
    let file = File::open(Path::new(&path), Some(&journal)).unwrap();
    let mut writer = ScanWriter::new(file, &journal);
    writer.begin_scan();
    loop {
        writer.add_points(1);
        writer.commit().unwrap();
        // The harness catches what `eprintln` prints.
        std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("committed {:?}\n", writer.content).as_bytes(),
        )
        .unwrap();
    }
}

fn other_process(fixture: &Fixture) -> Program {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "locks::writes_until_it_is_killed", "--ignored"])
        .env(FILE, &fixture.path);
    Program::start(&mut command)
}

fn finished_file() -> Fixture {
    let fixture = Fixture::new();
    let journal = journal(None);
    assert!(fixture.create(&journal).close());
    journal.finish().unwrap();
    fixture
}

/// Opens a file, which another writer has open.
fn expect_held(fixture: &Fixture) {
    let journal = journal(None);
    let (file, errors) = open_with_errors(&fixture.path, &journal);
    assert!(file.is_none());
    match journal.take_failure() {
        Some(Error::Held { file }) => assert_eq!(file, fixture.path),
        other => panic!("{other:?}"),
    }
    // 11: EAGAIN.
    let text = format!(
        "{} is open for writing elsewhere, errno = 11",
        fixture.path.display()
    );
    assert!(errors.contains(&text), "{errors:?}");
    assert!(matches!(
        journal.commit(CommitKind::Visible),
        Err(Error::NotOpen)
    ));
    let recovered = journal::recover(&fixture.path, &Options::default());
    match recovered {
        Err(Error::Held { .. }) => {}
        Ok(_) if !fixture.journal().exists() => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_journal_is_refused() {
    let fixture = Fixture::new();
    let journal = journal(None);
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    writer.begin_scan();
    expect_held(&fixture);
    writer.add_points(3);
    writer.commit().unwrap();
    expect_held(&fixture);
    assert!(writer.file.close());
    // Until everything is in the file.
    expect_held(&fixture);
    journal.finish().unwrap();
    assert_eq!(content(&fixture.path), Ok(vec![3]));
    let next = Journal::new(Options::default());
    assert!(fixture.open(&next).close());
    next.finish().unwrap();
}

#[test]
fn a_journal_has_one_file() {
    let fixture = Fixture::new();
    let journal = journal(None);
    let file = fixture.create(&journal);
    let other = Fixture::new();
    let (refused, errors) = open_with_errors(&finished_file().path, &journal);
    assert!(refused.is_none());
    assert!(
        errors.iter().any(|text| text == "a file is still open"),
        "{errors:?}"
    );
    assert!(matches!(journal.finish(), Err(Error::StillOpen)));
    assert!(matches!(journal.discard(), Err(Error::StillOpen)));
    assert!(file.close());
    journal.finish().unwrap();
    assert!(other.create(&journal).close());
    journal.finish().unwrap();
}

#[test]
fn a_killed_process_releases_the_file_and_loses_nothing() {
    let fixture = finished_file();
    let mut process = other_process(&fixture);
    process.wait_for("committed [9]");
    expect_held(&fixture);
    process.signal("KILL");
    let (_, log) = process.end();
    let last = log.lines().rev().find_map(|line| {
        let count = line.strip_prefix("committed [")?.strip_suffix(']')?;
        count.parse::<usize>().ok()
    });
    expect_all(&fixture.path, &vec![last.unwrap()]).unwrap();
    let journal = journal(None);
    let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
    assert_eq!(journal.recovery(), Some(journal::Recovery::Completed));
    writer.content = vec![content_before(&fixture)];
    assert!(writer.content[0] >= last.unwrap());
    writer.add_points(30);
    let expected = writer.content.clone();
    assert!(writer.file.close());
    journal.finish().unwrap();
    expect_found(&fixture.found(Reading::Locked), &expected);
}

fn content_before(fixture: &Fixture) -> usize {
    content(&fixture.path).unwrap()[0]
}

#[test]
fn h5py_cannot_write_what_is_being_written() {
    const PROGRAM: &str = "
import sys, h5py
for mode in ['r+', 'a']:
    try:
        h5py.File(sys.argv[1], mode)
    except BlockingIOError as error:
        print(error.errno)
";
    let fixture = finished_file();
    let journal = journal(None);
    let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
    for _ in 0..2 {
        let refused = testing::output(h5py(PROGRAM).arg(&fixture.path));
        assert_eq!(refused, "11\n11\n");
        writer.begin_scan();
        writer.commit().unwrap();
    }
    assert!(writer.file.close());
    journal.finish().unwrap();
    change(&fixture.path, "file['added'] = 1");
    assert_eq!(content(&fixture.path), Ok(vec![0, 0]));
}

#[test]
fn what_h5py_writes_is_refused() {
    let fixture = finished_file();
    let holder = testing::hold(&fixture.path);
    expect_held(&fixture);
    // Nothing remains of the attempt.
    assert!(!fixture.journal().exists());
    drop(holder);
    let journal = journal(None);
    assert!(fixture.open(&journal).close());
    journal.finish().unwrap();
}
