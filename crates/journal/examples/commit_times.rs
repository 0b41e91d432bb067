//! Measures how long commits take: of a small scan, of one with many datasets, and of thousands of new groups.
//!
//! `cargo run --release --package nexus-writer-journal --example commit_times [DIRECTORY]`

#![allow(clippy::unwrap_used, reason = "a panic is how a measurement fails")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::hdf5::{Bounds, File};
use common::scans::ScanWriter;
use journal::{CommitKind, Durability, Journal, Options};

/// Number of commits of each kind.
const COMMITS: usize = 60;

/// Makes commits of one kind in a new file, and returns how long they took.
type Measure = fn(&Path, Durability, CommitKind) -> Vec<Duration>;

fn main() {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let head = ["not durable", "commit", "checkpoint"].map(|kind| format!("{kind:>16}"));
    println!("{:30}{}", "median, largest in ms", head.concat());
    let cases: [(&str, Measure); 3] = [
        ("4 datasets", small_scan),
        ("60 datasets", many_datasets),
        ("2,000 groups with attributes", many_groups),
    ];
    for (name, measure) in cases {
        let kinds = [
            (Durability::Unordered, CommitKind::Visible),
            (Durability::Ordered, CommitKind::Visible),
            (Durability::Ordered, CommitKind::Checkpoint),
        ];
        let columns = kinds.map(|(durability, kind)| {
            let folder = tempfile::tempdir_in(&directory).unwrap();
            let mut times = measure(&folder.path().join("scans.h5"), durability, kind);
            times.sort_unstable();
            let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
            let (median, largest) = (times[times.len() / 2], times[times.len() - 1]);
            let both = format!("{:.2}, {:.1}", milliseconds(median), milliseconds(largest));
            format!("{both:>16}")
        });
        println!("{name:30}{}", columns.concat());
    }
}

fn journal(durability: Durability) -> Journal {
    Journal::new(Options {
        durability,
        opening_time: Duration::ZERO,
        ..Options::default()
    })
}

fn create(path: &Path, journal: &Journal) -> File {
    File::create(path, Some(journal), Bounds::Earliest, 0).unwrap()
}

fn timed(journal: &Journal, kind: CommitKind) -> Duration {
    let begin = Instant::now();
    journal.commit(kind).unwrap();
    begin.elapsed()
}

fn small_scan(path: &Path, durability: Durability, kind: CommitKind) -> Vec<Duration> {
    let journal = journal(durability);
    let mut writer = ScanWriter::new(create(path, &journal), &journal);
    writer.begin_scan();
    let mut times = Vec::new();
    for _ in 0..COMMITS {
        writer.add_points(20);
        assert!(writer.file.flush());
        times.push(timed(&journal, kind));
    }
    times
}

fn many_datasets(path: &Path, durability: Durability, kind: CommitKind) -> Vec<Duration> {
    let journal = journal(durability);
    let file = create(path, &journal);
    file.create_group("scan");
    let names = (0..60).map(|index| format!("scan/channel{index}"));
    let names: Vec<String> = names.collect();
    for name in &names {
        file.create_dataset(name, false);
    }
    let mut times = Vec::new();
    for _ in 0..COMMITS {
        for name in &names {
            assert!(file.append(name, &[1; 20]));
        }
        assert!(file.flush());
        times.push(timed(&journal, kind));
    }
    times
}

fn many_groups(path: &Path, durability: Durability, kind: CommitKind) -> Vec<Duration> {
    let journal = journal(durability);
    let file = create(path, &journal);
    let mut times = Vec::new();
    for scan in 0..COMMITS / 10 {
        for group in 0..2000 {
            let name = format!("scan{scan}/device{group}");
            file.create_group(&name);
            file.set_attribute(&name, "title", &format!("device {group}"));
        }
        assert!(file.flush());
        times.push(timed(&journal, kind));
    }
    times
}
