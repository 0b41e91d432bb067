//! Files that are being created.

use journal::{CommitKind, Durability, Journal, Recovery, recover};

use crate::common::hdf5::{Bounds, File};
use crate::common::scans::{ScanWriter, content};
use crate::fixture::{Fixture, Kills, Reading, options, walk};

const BOUNDS: [(Bounds, u64); 3] = [
    (Bounds::Earliest, 0),
    (Bounds::Latest, 0),
    (Bounds::Earliest, 512),
];

/// Creates a file with a scan, up to its first commit.
fn create<'a>(
    fixture: &Fixture,
    journal: &'a Journal,
    (bounds, user_block): (Bounds, u64),
) -> ScanWriter<'a> {
    let file = File::create(&fixture.path, Some(journal), bounds, user_block).unwrap();
    let mut writer = ScanWriter::new(file, journal);
    writer.begin_scan();
    writer.add_points(20);
    assert!(writer.file.flush());
    writer
}

#[test]
fn a_file_whose_first_commit_is_killed_is_empty_or_whole() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        for format in BOUNDS {
            let fixture = Fixture::new();
            let kills = Kills::of(&fixture);
            let journal = Journal::new(options(durability, None));
            drop(create(&fixture, &journal, format));
            journal.discard().unwrap();
            let journal = Journal::new(options(durability, Some(kills.clone())));
            let writer = create(&fixture, &journal, format);
            journal.commit(CommitKind::Visible).unwrap();
            let first = kills.count();
            drop(writer);
            let remains = kills.take();
            assert!(first >= 4, "{first}");
            let mut whole = 0;
            for (number, remains) in remains[..first].iter().enumerate() {
                let at = format!("{durability:?} {format:?} {number}");
                recover(&remains.path, &options(durability, None)).unwrap();
                match remains.length() {
                    0 => {}
                    _ => {
                        assert_eq!(content(&remains.path), Ok(vec![20]), "{at}");
                        whole += 1;
                    }
                }
            }
            assert!(whole < first, "{durability:?} {format:?}");
        }
    }
}

#[test]
fn what_is_committed_of_a_new_file_survives_a_kill() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        for format in BOUNDS {
            let fixture = Fixture::new();
            let journal = Journal::new(options(durability, None));
            let mut writer = create(&fixture, &journal, format);
            journal.commit(CommitKind::Visible).unwrap();
            writer.add_points(30);
            let killed = fixture.killed();
            let recovery = recover(&killed.path, &options(durability, None)).unwrap();
            assert_eq!(recovery, Recovery::Completed);
            assert_eq!(
                content(&killed.path),
                Ok(vec![20]),
                "{durability:?} {format:?}"
            );
            let found = walk(Reading::Locked, &[&killed.path]).pop().unwrap();
            crate::common::scans::expect_found(&found, &[20]);
        }
    }
}

#[test]
fn a_file_that_was_emptied_and_is_discarded_is_empty() {
    for format in BOUNDS {
        let fixture = Fixture::new();
        let first = Journal::new(options(Durability::Ordered, None));
        let writer = create(&fixture, &first, format);
        assert!(writer.file.close());
        first.finish().unwrap();
        assert_eq!(content(&fixture.path), Ok(vec![20]));
        let second = Journal::new(options(Durability::Ordered, None));
        let writer = create(&fixture, &second, format);
        assert!(writer.file.close());
        second.discard().unwrap();
        assert_eq!(fixture.length(), 0);
        assert!(!fixture.journal().exists());
    }
}

/// HDF5 1.8 reads superblock 2, but no file whose superblock has an extension with the strategy.
#[test]
fn files_keep_their_freed_space_and_old_libraries_read_them() {
    let fixture = Fixture::new();
    for step in ["made", "opened again"] {
        let journal = Journal::new(options(Durability::Unordered, None));
        let file = match step {
            "made" => fixture.create(&journal),
            _ => fixture.open(&journal),
        };
        assert!(file.keeps_freed_space(), "{step}");
        file.create_group(step);
        assert!(file.flush());
        journal.commit(CommitKind::Visible).unwrap();
        expect_no_extension(&fixture);
        assert!(file.close());
        journal.finish().unwrap();
        expect_no_extension(&fixture);
    }
    let file = File::open(&fixture.path, None).unwrap();
    assert!(file.has("made") && file.has("opened again"));
}

fn expect_no_extension(fixture: &Fixture) {
    let bytes = std::fs::read(&fixture.path).unwrap();
    assert_eq!((bytes[8], &bytes[20..28]), (2, &[0xff; 8][..]));
}
