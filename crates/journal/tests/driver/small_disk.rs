//! A disk that is full, and stays so.

use std::env;
use std::path::Path;
use std::process::Command;

use journal::{Durability, Error, Journal, Options, recover};

use crate::common::hdf5::{Bounds, File};
use crate::common::scans::{ScanWriter, content};
use crate::fixture::{Fixture, options};

/// The variables name the folder in which a file is written until the disk is full, and the points of each scan. This is
/// started by the tests below.
const FOLDER: &str = "JOURNAL_TEST_FOLDER";
const POINTS: &str = "JOURNAL_TEST_POINTS";

#[test]
#[ignore = "needs a small disk"]
fn writes_until_the_disk_is_full() {
    let folder = env::var_os(FOLDER).unwrap();
    let points = env::var(POINTS).unwrap().parse().unwrap();
    let path = Path::new(&folder).join("scans.h5");
    let journal = Journal::new(options(Durability::Ordered, None));
    let file = File::create(&path, Some(&journal), Bounds::Earliest, 0).unwrap();
    let mut writer = ScanWriter::new(file, &journal);
    let mut committed = Vec::new();
    let error = loop {
        writer.begin_scan();
        if !writer.try_add_points(points) {
            break journal.take_failure().unwrap();
        }
        match writer.commit() {
            Ok(_) => committed = writer.content.clone(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::NoRoom { .. }), "{error:?}");
    println!("committed {committed:?}");
    // As if the program was killed.
    std::process::abort();
}

/// Writes a file until the disk is full that these commands of the shell make at `$0`.
fn expect_the_last_commit(mut command: Command, disk: &str) {
    let script = format!("{disk}\nkept=$1; shift; \"$@\" || true; cp \"$0\"/* \"$kept\"");
    let folder = tempfile::tempdir().unwrap();
    let kept = Fixture::new();
    command
        .args(["sh", "-ec", &script])
        .args([folder.path(), kept.folder()])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "small_disk::writes_until_the_disk_is_full"])
        .args(["--ignored", "--nocapture"])
        .env(FOLDER, folder.path());
    let printed = testing::output(&mut command);
    let committed = printed
        .lines()
        .find_map(|line| line.split_once("committed "));
    let (_, committed) = committed.unwrap_or_else(|| panic!("{printed}"));
    let committed: Vec<usize> = serde_json::from_str(committed).unwrap();
    assert!(committed.len() > 5, "{committed:?}");
    // Before and after the recovery.
    assert_eq!(content(&kept.path), Ok(committed.clone()));
    recover(&kept.path, &Options::default()).unwrap();
    assert_eq!(content(&kept.path), Ok(committed));
}

#[test]
fn a_limit_on_the_size_of_files_leaves_the_last_commit() {
    for points in ["3", "50", "400"] {
        let mut command = Command::new("env");
        command.env(POINTS, points);
        expect_the_last_commit(command, "trap '' XFSZ; ulimit -f 1000");
    }
}

/// A disk in memory can only be made where users may have namespaces of their own, so `./dev disk` runs this.
#[test]
#[ignore = "needs a user namespace"]
fn a_full_disk_leaves_the_last_commit() {
    for points in ["3", "50", "400"] {
        let mut command = Command::new("unshare");
        command.arg("-rm").env(POINTS, points);
        expect_the_last_commit(command, "mount -t tmpfs -o size=500k none \"$0\"");
    }
}
