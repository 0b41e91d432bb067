//! Files that other programs have made.

use std::path::Path;

use journal::{Durability, Journal, Recovery, recover};

use crate::common::scans::{ScanWriter, content, expect_found};
use crate::fixture::{Fixture, Found, Kills, Reading, h5py, options, walk};

/// Each of this number of moments is looked at.
const WALKED: usize = 7;

/// What h5py makes files with: arguments of `h5py.File`.
const FILES: [&str; 6] = [
    "libver='earliest'",
    "libver='v110'",
    "libver='latest'",
    "libver='earliest', userblock_size=512",
    "libver='latest', userblock_size=512",
    "libver='v110', fs_strategy='page', fs_persist=True",
];

/// Objects of the usual kinds, and space that was freed.
const PROGRAM: &str = "
import sys, h5py, numpy
with h5py.File(sys.argv[1], 'w', OPTIONS) as file:
    entry = file.create_group('entry', track_order=True)
    entry['contiguous'] = numpy.arange(2000.0)
    entry.create_dataset('deflated', data=numpy.arange(5000), chunks=(100,), maxshape=(None,), compression=1)
    entry['removed'] = numpy.zeros(3000)
    file.flush()
    del entry['removed']
    entry['texts'] = ['a', 'longer text', 'Ångström']
    entry.create_dataset('early', (3000,), 'i4', fillvalue=7)
    for index in range(20):
        entry.attrs[f'attribute{index}'] = [index] * index
        entry.create_group(f'group{index}').attrs['text'] = 'text' * index
    file.attrs['creator'] = 'h5py'
";

fn made_by_h5py(arguments: &str) -> (Fixture, Found) {
    let fixture = Fixture::new();
    let mut python = h5py(&PROGRAM.replace("OPTIONS", arguments));
    testing::output(python.arg(&fixture.path));
    let found = fixture.found(Reading::Locked);
    assert!(found.len() > 60, "{found:?}");
    (fixture, found)
}

fn expect_old_and_new(found: &Found, old: &Found, content: &[usize]) {
    for (path, value) in old {
        assert_eq!(found.get(path), Some(value), "{path}");
    }
    expect_found(found, content);
}

/// Adds two scans, commit by commit.
fn add(fixture: &Fixture, journal: &Journal, mut committed: impl FnMut(&[usize])) {
    let mut writer = ScanWriter::new(fixture.open(journal), journal);
    for points in [5, 40] {
        writer.begin_scan();
        writer.add_points(points);
        writer.commit().unwrap();
        committed(&writer.content);
        writer.add_points(20);
        // In what h5py has made.
        writer
            .file
            .create_group(&format!("entry/added{points}/below"));
        writer.file.set_attribute("entry", "last", "scan");
        writer.commit().unwrap();
        committed(&writer.content);
    }
    assert!(writer.file.close());
}

#[test]
fn scans_are_added_to_files_of_h5py() {
    for arguments in FILES {
        for durability in [Durability::Unordered, Durability::Ordered] {
            let (fixture, old) = made_by_h5py(arguments);
            let journal = Journal::new(options(durability, None));
            add(&fixture, &journal, |_| {});
            assert_eq!(journal.recovery(), Some(Recovery::InOrder));
            journal.finish().unwrap();
            let found = fixture.found(Reading::Locked);
            expect_old_and_new(&found, &old, &[25, 60]);
            assert!(found.contains_key("entry/added40/below"));
            assert_eq!(content(&fixture.path), Ok(vec![25, 60]));
        }
    }
}

#[test]
fn a_kill_at_any_moment_costs_nothing_of_files_of_h5py() {
    for (number, arguments) in FILES.into_iter().enumerate() {
        let durability = [Durability::Unordered, Durability::Ordered][number % 2];
        let (fixture, old) = made_by_h5py(arguments);
        let kills = Kills::of(&fixture);
        let journal = Journal::new(options(durability, Some(kills.clone())));
        let mut commits = vec![(0, Vec::new())];
        add(&fixture, &journal, |content| {
            commits.push((kills.count(), content.to_vec()));
        });
        journal.finish().unwrap();
        commits.push((kills.count(), vec![25, 60]));
        let remains = kills.take();
        assert!(remains.len() > 30, "{}", remains.len());
        for remains in &remains {
            recover(&remains.path, &options(durability, None)).unwrap();
            assert!(!remains.journal().exists());
        }
        // h5py takes its time.
        let moments: Vec<usize> = (number..remains.len()).step_by(WALKED).collect();
        let paths: Vec<&Path> = moments.iter().map(|at| &*remains[*at].path).collect();
        for (moment, found) in moments.iter().zip(&walk(Reading::Unlocked, &paths)) {
            let next = commits.partition_point(|(count, _)| count <= moment);
            let count = found.keys().filter(|path| path.ends_with("channel0"));
            let length = |scan: usize| {
                let values = found.get(&format!("{scan}.1/instrument/channel0"));
                values
                    .and_then(|values| values.as_array())
                    .map_or(0, Vec::len)
            };
            let content: Vec<usize> = (1..=count.count()).map(length).collect();
            let around = [
                &commits[next - 1].1,
                &commits[next.min(commits.len() - 1)].1,
            ];
            assert!(
                around.contains(&&content),
                "{arguments} {moment}: {content:?}"
            );
            expect_old_and_new(found, &old, &content);
        }
    }
}
