//! The root group as readers find it while a file is written.

use std::fs::{self, File as SystemFile};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use journal::{
    CommitKind, Durability, Journal, Observer, Operation, Options, Recovery, Target, recover,
};
use serde_json::Value as Json;

use crate::common::scans::{ScanWriter, content};
use crate::fixture::{Fixture, Reading, change, h5py};

/// Makes a file whose root group has some attributes and links, more than fit into an object header.
const PROGRAM: &str = "
import sys, h5py
options = {'track_order': True} | dict(OPTIONS)
with h5py.File(sys.argv[1], 'w', **options) as file:
    for index in range(12):
        file.attrs[f'attribute{index}'] = f'text {index}'
        file.create_group(f'group{index}')
";

/// Files with superblock 0 and 3, with the order of attributes and without, and the number of bytes before the superblock.
const FILES: [(&str, u64); 5] = [
    ("libver='earliest'", 0),
    ("libver='v110'", 0),
    ("libver='v110', track_order=False", 0),
    ("libver='latest'", 0),
    ("libver='latest', userblock_size=512", 512),
];

fn options(durability: Durability, observer: Option<Arc<dyn Observer>>) -> Options {
    Options {
        // Copies have an eighth of a quarter of it.
        headroom: 512 << 10,
        ..crate::fixture::options(durability, observer)
    }
}

fn made_by_h5py(arguments: &str) -> Fixture {
    let fixture = Fixture::new();
    let mut python = h5py(&PROGRAM.replace("OPTIONS", arguments));
    testing::output(python.arg(&fixture.path));
    fixture
}

/// Returns the address of the header of the root group in the superblock of a file, which may be incomplete.
fn root_of(path: &Path) -> Option<u64> {
    let mut first = [0; 96];
    SystemFile::open(path)
        .and_then(|file| file.read_exact_at(&mut first, 0))
        .ok()?;
    let at = match first[8] {
        0 => 64,
        _ => 36,
    };
    let root = first[at..at + 8].try_into().ok()?;
    first
        .starts_with(b"\x89HDF")
        .then(|| u64::from_le_bytes(root))
}

/// Returns where the header is to which the superblock refers: its first part.
fn root_header(path: &Path) -> Option<Range<u64>> {
    let root = root_of(path)?;
    let mut bytes = [0; 34];
    let file = SystemFile::open(path).unwrap();
    file.read_exact_at(&mut bytes, root).unwrap();
    assert_eq!(&bytes[..5], b"OHDR\x02");
    let flags = bytes[5];
    let has = |flag, length| if flags & flag != 0 { length } else { 0 };
    let begin = 6 + has(0x20, 16) + has(0x10, 4);
    let width = 1 << (flags & 3);
    let mut length = [0; 8];
    length[..width].copy_from_slice(&bytes[begin..begin + width]);
    let end = root + (begin + width) as u64 + u64::from_le_bytes(length) + 4;
    Some(root..end)
}

/// Notes each change of the header of the root group that readers find.
#[derive(Debug)]
struct Watch {
    path: PathBuf,
    changed: Mutex<Vec<Range<u64>>>,
}

impl Watch {
    fn of(fixture: &Fixture) -> Arc<Watch> {
        Arc::new(Watch {
            path: fixture.path.clone(),
            changed: Mutex::default(),
        })
    }

    fn changed(&self) -> Vec<Range<u64>> {
        self.changed.lock().unwrap().clone()
    }
}

impl Observer for Watch {
    fn before(&self, target: Target, operation: Operation<'_>) -> io::Result<()> {
        let (Target::Data, Operation::Write(begin, bytes)) = (target, operation) else {
            return Ok(());
        };
        let end = begin + bytes.len() as u64;
        if let Some(header) = root_header(&self.path)
            && begin < header.end
            && header.start < end
        {
            self.changed.lock().unwrap().push(begin..end);
        }
        Ok(())
    }
}

/// Changes the root group in each of some commits, with points in between.
fn write(fixture: &Fixture, journal: &Journal, writer: &mut ScanWriter<'_>) {
    for commit in 0..14 {
        writer.begin_scan();
        writer.file.set_attribute("/", "last", &format!("{commit}"));
        // So many that the library needs B-trees with several levels, and a heap with several blocks.
        let names: Vec<String> = (0..6)
            .map(|index| format!("record{commit} of stream {index}"))
            .collect();
        for name in &names {
            writer.file.set_attribute("/", name, "running");
        }
        writer.commit().unwrap();
        // More than the room behind the end of the file, now and then.
        writer.add_points(if commit % 5 == 4 { 20_000 } else { 9 });
        for name in &names {
            writer.file.set_attribute("/", name, "complete");
        }
        assert!(writer.file.flush_to_commit(journal));
        journal.commit(CommitKind::Visible).unwrap();
        // h5py takes its time.
        if commit % 5 != 3 {
            continue;
        }
        let found = fixture.found(Reading::Unlocked);
        assert_eq!(found["/@last"], Json::from(format!("{commit}")));
        for record in 0..=commit {
            for index in 0..6 {
                let name = format!("/@record{record} of stream {index}");
                assert_eq!(found[&name], "complete");
            }
            assert!(found.contains_key(&format!("{}.1", record + 1)));
        }
    }
}

#[test]
fn the_root_group_that_readers_find_is_never_changed() {
    for durability in [Durability::Unordered, Durability::Ordered] {
        let fixture = Fixture::new();
        let watch = Watch::of(&fixture);
        let journal = Journal::new(options(durability, Some(watch.clone())));
        let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
        writer.commit().unwrap();
        write(&fixture, &journal, &mut writer);
        assert_eq!(watch.changed(), []);
        assert!(writer.file.close());
        journal.finish().unwrap();
        assert_eq!(content(&fixture.path).unwrap().len(), 14);
    }
}

#[test]
fn the_root_group_of_files_of_h5py_is_never_changed() {
    for (arguments, user_block) in FILES {
        let fixture = made_by_h5py(arguments);
        let home = root_of(&fixture.path);
        let watch = Watch::of(&fixture);
        let observer: Option<Arc<dyn Observer>> = match user_block {
            0 => Some(watch.clone()),
            _ => None,
        };
        let journal = Journal::new(options(Durability::Ordered, observer));
        let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
        write(&fixture, &journal, &mut writer);
        assert_eq!(watch.changed(), [], "{arguments}");
        assert_eq!(root_of(&fixture.path) == home, user_block > 0);
        let found = fixture.found(Reading::Locked);
        assert!(writer.file.close());
        journal.finish().unwrap();
        // Nothing remains of what was for readers.
        assert_eq!(root_of(&fixture.path), home);
        assert_eq!(fixture.found(Reading::Locked), found);
        assert_eq!(found["/@attribute11"], "text 11");
    }
}

/// No commit before has sent readers to a copy.
#[test]
fn a_final_checkpoint_alone_changes_no_root_group_that_readers_find() {
    let fixture = made_by_h5py("libver='v110'");
    let home = root_of(&fixture.path);
    let watch = Watch::of(&fixture);
    let journal = Journal::new(options(Durability::Ordered, Some(watch.clone())));
    let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
    writer.begin_scan();
    writer.add_points(3);
    assert!(writer.file.flush_to_commit(&journal));
    journal.commit(CommitKind::FinalCheckpoint).unwrap();
    assert_eq!(watch.changed(), []);
    assert_eq!(root_of(&fixture.path), home);
    assert!(writer.file.close());
    journal.finish().unwrap();
    assert_eq!(watch.changed(), []);
    let found = fixture.found(Reading::Locked);
    assert!(found.contains_key("1.1/instrument/channel0"));
}

#[test]
fn a_final_checkpoint_refers_to_the_root_group_itself() {
    let fixture = Fixture::new();
    let journal = Journal::new(options(Durability::Unordered, None));
    let mut writer = ScanWriter::new(fixture.create(&journal), &journal);
    writer.begin_scan();
    writer.add_points(3);
    writer.commit().unwrap();
    let copy = root_of(&fixture.path).unwrap();
    writer.add_points(3);
    assert!(writer.file.flush_to_commit(&journal));
    journal.commit(CommitKind::FinalCheckpoint).unwrap();
    let home = root_of(&fixture.path).unwrap();
    assert!(home < 1000 && copy > 10_000, "{home} {copy}");
    assert!(writer.file.close());
    journal.finish().unwrap();
    assert_eq!(root_of(&fixture.path), Some(home));
    assert!(fixture.length() < copy);
    assert_eq!(content(&fixture.path), Ok(vec![6]));
}

#[test]
fn a_recovery_refers_to_the_root_group_itself() {
    for arguments in ["libver='earliest'", "libver='latest'"] {
        let fixture = made_by_h5py(arguments);
        let home = root_of(&fixture.path);
        let journal = Journal::new(options(Durability::Ordered, None));
        let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
        write(&fixture, &journal, &mut writer);
        assert!(writer.file.flush_to_commit(&journal));
        journal.commit(CommitKind::Checkpoint).unwrap();
        let found = fixture.found(Reading::Unlocked);
        writer.begin_scan();
        assert!(writer.file.flush_to_commit(&journal));
        journal.commit(CommitKind::Visible).unwrap();
        let later = fixture.found(Reading::Unlocked);
        for (is_reset, expected) in [(false, later), (true, found)] {
            let killed = fixture.killed();
            assert_ne!(root_of(&killed.path), home);
            if is_reset {
                killed.in_another_boot();
            }
            let recovery = recover(&killed.path, &Options::default()).unwrap();
            let wanted = match is_reset {
                false => Recovery::Completed,
                true => Recovery::RolledBack(1),
            };
            assert_eq!(recovery, wanted);
            assert_eq!(root_of(&killed.path), home);
            assert_eq!(killed.found(Reading::Unlocked), expected);
        }
        assert!(writer.file.close());
        journal.finish().unwrap();
    }
}

/// The copy of a root group of thousands of links is some megabytes long.
#[test]
fn a_recovery_finds_the_home_of_a_large_copy() {
    let program = "
import sys, h5py
with h5py.File(sys.argv[1], 'w', track_order=True) as file:
    for index in range(6000):
        file[f'{index:0250}'] = h5py.SoftLink('/nothing')
";
    let fixture = Fixture::new();
    testing::output(h5py(program).arg(&fixture.path));
    let home = root_of(&fixture.path);
    let journal = Journal::new(Options {
        headroom: 64 << 20,
        ..options(Durability::Ordered, None)
    });
    let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
    writer.begin_scan();
    writer.commit().unwrap();
    let killed = fixture.killed();
    let copy = root_header(&killed.path).unwrap();
    assert!(copy.end - copy.start > 1_500_000, "{copy:?}");
    let recovery = recover(&killed.path, &Options::default()).unwrap();
    assert_eq!(recovery, Recovery::Completed);
    assert_eq!(root_of(&killed.path), home);
    assert!(writer.file.close());
    journal.finish().unwrap();
}

/// A program that knows nothing of copies has changed one, in its place, after the writer was killed.
#[test]
fn a_copy_that_another_program_has_changed_stays_the_root_group() {
    let fixture = made_by_h5py("libver='latest'");
    let journal = Journal::new(options(Durability::Ordered, None));
    let mut writer = ScanWriter::new(fixture.open(&journal), &journal);
    writer.begin_scan();
    writer.commit().unwrap();
    let killed = fixture.killed();
    let copy = root_of(&killed.path);
    change(&killed.path, "del file.attrs['attribute3']");
    assert_eq!(root_of(&killed.path), copy);
    let length = killed.length();
    let recovery = recover(&killed.path, &Options::default()).unwrap();
    assert_eq!(recovery, Recovery::Foreign);
    assert_eq!(killed.length(), length);
    let found = killed.found(Reading::Locked);
    assert!(!found.contains_key("/@attribute3") && found.contains_key("/@attribute4"));
    // The next writer continues it.
    let next = Journal::new(options(Durability::Ordered, None));
    let mut continued = ScanWriter::go_on(killed.open(&next), &next, vec![0]);
    continued.add_points(4);
    continued.commit().unwrap();
    assert!(continued.file.close());
    next.finish().unwrap();
    assert_eq!(content(&killed.path), Ok(vec![4]));
    assert!(!fs::exists(killed.journal()).unwrap());
    assert!(writer.file.close());
    journal.finish().unwrap();
}
