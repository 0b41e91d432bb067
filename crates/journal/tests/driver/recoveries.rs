//! Recoveries that do not come to their end.

use std::fs;

use journal::{CommitKind, Durability, Journal, Recovery, recover};

use crate::common::scans::{ScanWriter, content};
use crate::fixture::{Fixture, Kills, options};

/// What a writer leaves that is killed while a commit changes the file: a commit is partly in the file, and the one
/// behind the last checkpoint is in the journal.
fn killed_in_a_commit(durability: Durability) -> Fixture {
    let fixture = Fixture::new();
    let kills = Kills::of(&fixture);
    let journal = Journal::new(options(durability, None));
    assert!(fixture.create(&journal).close());
    journal.finish().unwrap();
    let journal = Journal::new(options(durability, Some(kills.clone())));
    let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
    writer.begin_scan();
    writer.add_points(20);
    assert!(writer.file.flush());
    journal.commit(CommitKind::Checkpoint).unwrap();
    // The last commit moves the end in the superblock as well.
    for points in [50, 4000] {
        writer.add_points(points);
        assert!(writer.file.flush());
        kills.take();
        journal.commit(CommitKind::Visible).unwrap();
    }
    let mut remains = kills.take();
    let last_changes = match durability {
        Durability::Unordered => 2,
        Durability::Ordered => 1,
    };
    remains.swap_remove(remains.len() - last_changes)
}

#[test]
fn a_recovery_that_is_killed_can_be_repeated() {
    for (durability, is_other_boot, expected) in [
        (Durability::Unordered, false, vec![4070]),
        (Durability::Ordered, false, vec![4070]),
        (Durability::Ordered, true, vec![20]),
    ] {
        let fixture = killed_in_a_commit(durability);
        if is_other_boot {
            fixture.in_another_boot();
        }
        let kills = Kills::of(&fixture);
        let first = recover(&fixture.path, &options(durability, Some(kills.clone()))).unwrap();
        let wanted = fs::read(&fixture.path).unwrap();
        assert_eq!(content(&fixture.path), Ok(expected));
        let remains = kills.take();
        assert!(remains.len() >= 3, "{}", remains.len());
        for (number, remains) in remains.iter().enumerate() {
            let at = format!("{durability:?} {is_other_boot} {number}");
            let again = recover(&remains.path, &options(durability, None)).unwrap();
            assert_eq!(again, first, "{at}");
            assert!(fs::read(&remains.path).unwrap() == wanted, "{at}");
        }
        let again = recover(&fixture.path, &options(durability, None)).unwrap();
        assert_eq!(again, Recovery::InOrder);
        assert!(fs::read(&fixture.path).unwrap() == wanted);
    }
}

#[test]
fn what_has_no_journal_is_in_order() {
    let fixture = Fixture::new();
    let options = options(Durability::Ordered, None);
    assert_eq!(recover(&fixture.path, &options).unwrap(), Recovery::InOrder);
    let missing = fixture.folder().join("missing/scans.h5");
    assert_eq!(recover(&missing, &options).unwrap(), Recovery::InOrder);
}
