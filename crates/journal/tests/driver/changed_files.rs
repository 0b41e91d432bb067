//! Files that another program has changed between the end of their writer and the next opening.

use journal::{CommitKind, Durability, Journal, Recovery, recover};
use serde_json::json;

use crate::common::scans::{Content, ScanWriter, expect_found};
use crate::fixture::{Fixture, Reading, change, options};

/// What a writer leaves that is killed behind a commit.
fn left_behind(durability: Durability, kind: CommitKind) -> (Fixture, Content) {
    let fixture = Fixture::new();
    let journal = Journal::new(options(durability, None));
    assert!(fixture.create(&journal).close());
    journal.finish().unwrap();
    change(&fixture.path, "file.attrs['number'] = numpy.int32(1)");
    let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
    writer.begin_scan();
    writer.add_points(20);
    assert!(writer.file.flush());
    journal.commit(CommitKind::Checkpoint).unwrap();
    writer.begin_scan();
    writer.add_points(3);
    writer.file.set_attribute("/", "default", "2.1");
    assert!(writer.file.flush());
    journal.commit(kind).unwrap();
    let content = writer.content.clone();
    (fixture.killed(), content)
}

const CASES: [(Durability, CommitKind); 3] = [
    (Durability::Unordered, CommitKind::Visible),
    (Durability::Ordered, CommitKind::Visible),
    (Durability::Ordered, CommitKind::Checkpoint),
];

/// Whether the system was started again since.
const BOOTS: [bool; 2] = [false, true];

#[test]
fn what_h5py_has_appended_stays() {
    for (durability, kind) in CASES {
        for is_other_boot in BOOTS {
            let (fixture, content) = left_behind(durability, kind);
            if is_other_boot {
                fixture.in_another_boot();
            }
            change(&fixture.path, "file['appended/data'] = numpy.arange(1000)");
            let before = std::fs::read(&fixture.path).unwrap();
            let recovery = recover(&fixture.path, &options(durability, None)).unwrap();
            assert_eq!(recovery, Recovery::Foreign);
            assert!(!fixture.journal().exists());
            assert!(std::fs::read(&fixture.path).unwrap() == before);
            let found = fixture.found(Reading::Locked);
            expect_found(&found, &content);
            assert_eq!(found["appended/data"].as_array().unwrap().len(), 1000);
        }
    }
}

#[test]
fn a_writer_goes_on_with_what_h5py_has_appended() {
    for (durability, kind) in CASES {
        let (fixture, content) = left_behind(durability, kind);
        change(&fixture.path, "file['appended/data'] = numpy.arange(1000)");
        let journal = Journal::new(options(durability, None));
        let mut writer = ScanWriter::go_on(fixture.open(&journal), &journal, content);
        assert_eq!(journal.recovery(), Some(Recovery::Foreign));
        writer.add_points(40);
        writer.commit().unwrap();
        let content = writer.content.clone();
        let killed = fixture.killed();
        assert!(writer.file.close());
        journal.finish().unwrap();
        let recovery = recover(&killed.path, &options(durability, None)).unwrap();
        assert_eq!(recovery, Recovery::Completed);
        for fixture in [fixture, killed] {
            let found = fixture.found(Reading::Locked);
            expect_found(&found, &content);
            assert_eq!(found["appended/data"].as_array().unwrap().len(), 1000);
        }
    }
}

#[test]
fn an_attribute_that_h5py_has_changed_is_not_overwritten() {
    for (durability, kind) in CASES {
        for is_other_boot in BOOTS {
            let (fixture, content) = left_behind(durability, kind);
            if is_other_boot {
                fixture.in_another_boot();
            }
            change(&fixture.path, "file.attrs.modify('number', numpy.int32(9))");
            let recovery = recover(&fixture.path, &options(durability, None)).unwrap();
            // It has changed the copy of the root group.
            assert_eq!(
                recovery,
                Recovery::Foreign,
                "{durability:?} {kind:?} {is_other_boot}"
            );
            let found = fixture.found(Reading::Locked);
            assert_eq!(found["/@number"], json!(9));
            expect_found(&found, &content);
        }
    }
}

/// The writer has not changed the part of the file that h5py has changed.
#[test]
fn a_recovery_keeps_changes_elsewhere() {
    let (fixture, content) = left_behind(Durability::Ordered, CommitKind::Visible);
    change(&fixture.path, "file['1.1/instrument/channel0'][0] = -1");
    let options = options(Durability::Ordered, None);
    assert_eq!(
        recover(&fixture.path, &options).unwrap(),
        Recovery::Completed
    );
    let mut found = fixture.found(Reading::Locked);
    let values = found.get_mut("1.1/instrument/channel0").unwrap();
    assert_eq!(values[0].take(), json!(-1));
    values[0] = json!(1_000_000);
    expect_found(&found, &content);
}
