//! What remains of a file if the program is killed, or the power fails, at any moment.
//!
//! All changes of the file and of its journal are recorded. Then both are made again as they could be at a random
//! moment: with the changes before it (the program was killed), or with those before the last `fdatasync` and some of the
//! later ones (the power has failed).

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::hdf5::{Bounds, File};
use common::scans::{Content, ScanWriter, content, expect_all};
use fastrand::Rng;
use journal::{
    CommitKind, Durability, Journal, Observer, Operation, Options, Recovery, Target, recover,
};

/// Each test tries this number of moments. More: set the variable `JOURNAL_MOMENTS`.
const MOMENTS: usize = 500;

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    SetLength(u64),
    Synchronise,
}

/// A moment of the recording.
#[derive(Debug)]
struct Commit {
    /// The number of changes before the commit had returned.
    changes: usize,
    kind: CommitKind,
    content: Content,
}

#[derive(Debug, Default)]
struct Recorder {
    changes: Mutex<Vec<(Target, Change)>>,
}

impl Observer for Recorder {
    fn before(&self, target: Target, operation: Operation<'_>) -> io::Result<()> {
        let change = match operation {
            Operation::Write(offset, bytes) => Change::Write(offset, bytes.to_vec()),
            Operation::SetLength(length) => Change::SetLength(length),
            Operation::Synchronise => Change::Synchronise,
            Operation::Allocate(..) => return Ok(()),
        };
        self.changes.lock().unwrap().push((target, change));
        Ok(())
    }
}

/// A recording of a program that writes some scans into a file.
struct Recording {
    changes: Vec<(Target, Change)>,
    commits: Vec<Commit>,
}

impl Recording {
    fn new(bounds: Bounds, durability: Durability) -> Recording {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans.h5");
        let recorder = Arc::new(Recorder::default());
        let journal = Journal::new(Options {
            durability,
            // Small, so that the end in the superblock changes several times.
            headroom: 64 << 10,
            opening_time: Duration::ZERO,
            observer: Some(recorder.clone()),
            ..Options::default()
        });
        let file = File::create(&path, Some(&journal), bounds, 0).unwrap();
        let mut writer = ScanWriter::new(file, &journal);
        let mut commits = Vec::new();
        for step in 0..60 {
            if step % 10 == 0 {
                writer.begin_scan();
            } else {
                writer.add_points(step % 7 + 1);
            }
            let kind = writer.commit().unwrap();
            commits.push(Commit {
                changes: recorder.changes.lock().unwrap().len(),
                kind,
                content: writer.content.clone(),
            });
        }
        // The file remains as it is: nothing is finished.
        drop(writer);
        let changes = std::mem::take(&mut *recorder.changes.lock().unwrap());
        Recording { changes, commits }
    }

    /// Returns a random moment. Half of them are near a change of the journal.
    fn moment(&self, random: &mut Rng) -> usize {
        let first = self.commits[0].changes;
        let mut moment = random.usize(first..=self.changes.len());
        if random.bool() {
            while moment < self.changes.len() && self.changes[moment].0 != Target::Journal {
                moment += 1;
            }
            moment = (moment + random.usize(..12)).min(self.changes.len());
        }
        moment
    }

    /// Returns the length of the change at this moment.
    fn length_at(&self, moment: usize) -> usize {
        match self.changes.get(moment) {
            Some((_, Change::Write(_, bytes))) => bytes.len(),
            _ => 0,
        }
    }

    /// Returns where the pages of the change at this moment end, beginning with 0.
    fn page_ends_at(&self, moment: usize) -> Vec<usize> {
        let mut ends = vec![0];
        if let Some((_, Change::Write(offset, bytes))) = self.changes.get(moment) {
            let first = 4096 - (*offset % 4096) as usize;
            ends.extend((first..bytes.len()).step_by(4096));
            ends.push(bytes.len());
        }
        ends
    }

    /// Returns what the file is at each checkpoint: the bytes.
    fn checkpoints(&self) -> Vec<Vec<u8>> {
        let checkpoints = self
            .commits
            .iter()
            .filter(|commit| commit.kind.is_checkpoint());
        let bytes = checkpoints.map(|commit| {
            let remains = Remains::of_kill(self, commit.changes, 0);
            recover(&remains.path, &Options::default()).unwrap();
            fs::read(&remains.path).unwrap()
        });
        bytes.collect()
    }

    /// Returns the last commit before this moment, and the one that was being made, or the last one again.
    fn around(&self, moment: usize) -> [&Commit; 2] {
        let next = self
            .commits
            .partition_point(|commit| commit.changes <= moment);
        let last = self.commits.len() - 1;
        [&self.commits[next - 1], &self.commits[next.min(last)]]
    }

    /// Returns the number of checkpoints before this moment.
    fn checkpoints_before(&self, moment: usize) -> usize {
        let commits = self.commits.iter();
        let checkpoints = commits.filter(|commit| commit.kind.is_checkpoint());
        checkpoints
            .filter(|commit| commit.changes <= moment)
            .count()
    }
}

/// Files as they could be after a moment.
struct Remains {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Remains {
    fn new(data: &[u8], journal: &[u8]) -> Remains {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans.h5");
        fs::write(&path, data).unwrap();
        fs::write(journal_of(&path), journal).unwrap();
        Remains {
            _folder: folder,
            path,
        }
    }

    /// The program was killed in the middle of the change at `moment`, after this number of bytes.
    fn of_kill(recording: &Recording, moment: usize, torn: usize) -> Remains {
        let (mut data, mut journal) = (Vec::new(), Vec::new());
        for (target, change) in &recording.changes[..moment] {
            apply(file_of(*target, &mut data, &mut journal), change);
        }
        if let Some((target, Change::Write(offset, bytes))) = recording.changes.get(moment) {
            let torn = Change::Write(*offset, bytes[..torn].to_vec());
            apply(file_of(*target, &mut data, &mut journal), &torn);
        }
        Remains::new(&data, &journal)
    }

    /// The power has failed at `moment`. Of what was not synchronised, some has reached the disk.
    fn of_power_failure(recording: &Recording, moment: usize, random: &mut Rng) -> Remains {
        let (mut data, mut journal) = (Vec::new(), Vec::new());
        let before = &recording.changes[..moment];
        let synchronised = |target: Target| {
            let is_last = |(changed, change): &(Target, Change)| {
                *changed == target && matches!(change, Change::Synchronise)
            };
            before.iter().rposition(is_last).unwrap_or(0)
        };
        let (data_end, journal_end) = (synchronised(Target::Data), synchronised(Target::Journal));
        let share = *random.choice(&[0.1, 0.5, 0.9]).unwrap();
        for (index, (target, change)) in before.iter().enumerate() {
            let end = match target {
                Target::Data => data_end,
                Target::Journal => journal_end,
            };
            let file = file_of(*target, &mut data, &mut journal);
            if index < end {
                apply(file, change);
                continue;
            }
            match change {
                Change::Write(offset, bytes) => {
                    let sectors = sectors(*offset, bytes);
                    for (offset, bytes) in sectors.filter(|_| random.f64() < share) {
                        apply(file, &Change::Write(offset, bytes.to_vec()));
                    }
                }
                change if random.f64() < share => apply(file, change),
                _ => {}
            }
        }
        Remains::new(&data, &testing::in_another_boot(journal))
    }
}

fn file_of<'a>(target: Target, data: &'a mut Vec<u8>, journal: &'a mut Vec<u8>) -> &'a mut Vec<u8> {
    match target {
        Target::Data => data,
        Target::Journal => journal,
    }
}

fn apply(file: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(offset, bytes) => {
            let begin = *offset as usize;
            let end = begin + bytes.len();
            if file.len() < end {
                file.resize(end, 0);
            }
            file[begin..end].copy_from_slice(bytes);
        }
        Change::SetLength(length) => file.resize(*length as usize, 0),
        Change::Synchronise => {}
    }
}

/// Cuts bytes at the ends of sectors.
fn sectors(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let (mut offset, mut rest) = (offset, bytes);
    std::iter::from_fn(move || {
        let length = (512 - offset % 512).min(rest.len() as u64) as usize;
        let sector = (!rest.is_empty()).then_some((offset, &rest[..length]))?;
        offset += length as u64;
        rest = &rest[length..];
        Some(sector)
    })
}

fn journal_of(path: &Path) -> PathBuf {
    path.with_file_name("scans.h5.journal")
}

fn moments() -> usize {
    let moments = std::env::var("JOURNAL_MOMENTS");
    moments.map_or(MOMENTS, |moments| moments.parse().unwrap())
}

fn a_kill_costs_nothing(bounds: Bounds, durability: Durability) {
    let recording = Recording::new(bounds, durability);
    let mut random = Rng::with_seed(7);
    for _ in 0..moments() {
        let moment = recording.moment(&mut random);
        let [before, after] = recording.around(moment);
        let length = recording.length_at(moment);
        let expect = |what: &str, found: Result<Content, String>| match found {
            Ok(content) if content == before.content || content == after.content => {}
            found => panic!("{what} a kill at {moment}: {found:?}"),
        };
        // Kernels write pages as a whole, so a reader finds all that was committed, and perhaps a part of the next commit.
        // The latest format has checksums, so an object on two pages is unreadable there until it is recovered.
        let pages = match bounds {
            Bounds::Earliest => recording.page_ends_at(moment),
            Bounds::Latest => vec![0, length],
        };
        let remains = Remains::of_kill(&recording, moment, *random.choice(&pages).unwrap());
        if let Err(problem) = expect_all(&remains.path, &before.content) {
            panic!(
                "after a kill at {moment}: {problem} instead of {:?}",
                before.content
            );
        }
        let remains = Remains::of_kill(&recording, moment, random.usize(..=length));
        let recovery = recover(&remains.path, &Options::default()).unwrap();
        assert_eq!(recovery, Recovery::Completed, "kill at {moment}");
        expect("recovered after", content(&remains.path));
        assert!(!journal_of(&remains.path).exists());
        // Recovered twice, and continued.
        assert_eq!(
            recover(&remains.path, &Options::default()).unwrap(),
            Recovery::InOrder
        );
        let journal = Journal::new(Options::default());
        let file = File::open(&remains.path, Some(&journal)).unwrap();
        file.create_group("continued");
        assert!(file.close());
        journal.finish().unwrap();
        expect("continued after", content(&remains.path));
    }
}

/// Returns the number of moments after which the file is not that of the last checkpoint, byte for byte.
fn losses_of_power_failures(durability: Durability) -> usize {
    let recording = Recording::new(Bounds::Earliest, durability);
    let checkpoints = recording.checkpoints();
    let mut random = Rng::with_seed(11);
    let mut losses = 0;
    for _ in 0..moments() {
        let moment = recording.moment(&mut random);
        let remains = Remains::of_power_failure(&recording, moment, &mut random);
        recover(&remains.path, &Options::default()).unwrap();
        let found = fs::read(&remains.path).unwrap();
        let before = recording.checkpoints_before(moment);
        // A checkpoint that was being made may be there as well.
        let is_right = match before {
            0 => found.is_empty() || found == checkpoints[0],
            before => checkpoints[before - 1..]
                .iter()
                .take(2)
                .any(|bytes| *bytes == found),
        };
        losses += usize::from(!is_right);
    }
    losses
}

#[test]
fn a_kill_at_any_moment_costs_nothing() {
    a_kill_costs_nothing(Bounds::Earliest, Durability::Unordered);
}

#[test]
fn a_kill_at_any_moment_costs_nothing_in_the_latest_format() {
    a_kill_costs_nothing(Bounds::Latest, Durability::Unordered);
}

#[test]
fn a_kill_at_any_moment_costs_nothing_with_ordered_changes() {
    a_kill_costs_nothing(Bounds::Earliest, Durability::Ordered);
}

#[test]
fn a_power_failure_leaves_the_last_checkpoint() {
    assert_eq!(losses_of_power_failures(Durability::Ordered), 0);
}

/// The check above can fail.
#[test]
fn without_order_a_power_failure_may_cost_everything() {
    assert!(losses_of_power_failures(Durability::Unordered) > moments() / 10);
}
