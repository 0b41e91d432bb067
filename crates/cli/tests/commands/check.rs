//! `check` of files with and without defects.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use crate::fixture::{Fixture, nexus_writer, run};

/// A directory with a file that has a defect.
fn file_with(defect: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scan.h5");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/checked.py");
    testing::output(testing::python().arg(script).arg(&file).args(defect));
    // Nobody is writing it any more.
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let opened = fs::File::options().write(true).open(&file).unwrap();
    opened.set_modified(long_ago).unwrap();
    (folder, file)
}

/// Runs `check`. Returns its exit status and its JSON output.
fn check(file: &Path, options: &[&str]) -> (Option<i32>, Json) {
    let mut command = nexus_writer(["check", "--json"]);
    let (status, report, log) = run(command.arg(file).args(options));
    assert_eq!(report.lines().count(), 1, "{report}{log}");
    (status, serde_json::from_str(&report).unwrap())
}

/// Returns all findings as `path: text`, those that are not problems in brackets.
fn findings(check: &Json) -> Vec<String> {
    let scans = check["scans"].as_array().unwrap();
    let all = std::iter::once(check).chain(scans);
    let all = all.flat_map(|part| part["findings"].as_array().unwrap());
    all.map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap();
        let line = format!("{}: {}", text("path"), text("text"));
        match text("severity") {
            "problem" => line,
            _ => format!("({line})"),
        }
    })
    .collect()
}

#[test]
fn a_good_file_is_good() {
    for harmless in [
        &[][..],
        &["version_1"],
        &["version_1", "root_record"],
        &["root_record"],
        &["circle"],
    ] {
        let (_folder, file) = file_with(harmless);
        let (status, report) = check(&file, &[]);
        assert_eq!(findings(&report), [""; 0], "{harmless:?}");
        assert_eq!((status, &report["good"]), (Some(0), &Json::from(true)));
        let streams = report["scans"].as_array().unwrap().iter();
        let streams: u64 = streams.map(|scan| scan["streams"].as_u64().unwrap()).sum();
        assert_eq!(streams, 2, "{report}");
    }
    let (_folder, file) = file_with(&["fewer_published"]);
    let (status, report) = check(&file, &[]);
    assert_eq!(status, Some(0), "{report}");
    let text = "/1.1/instrument/diode/data has 4 points, others have 5: so many were published";
    let at = |path: &str| format!("({path}: {text})");
    assert!(
        findings(&report).contains(&at("/1.1/measurement")),
        "{report}"
    );
}

#[test]
fn a_file_that_others_hold_open_is_read() {
    let (_folder, file) = file_with(&["running"]);
    let hold = "
import sys, time, h5py
with h5py.File(sys.argv[1], 'a') as file:
    print('open', file=sys.stderr, flush=True)
    time.sleep(600)
";
    let mut holder = testing::Program::start(testing::python().args(["-c", hold]).arg(&file));
    holder.wait_for("open");
    let (status, report) = check(&file, &[]);
    assert_eq!((status, findings(&report)), (Some(1), vec![]), "{report}");
    assert_eq!(report["scans"][0]["standing"], "not finished");
}

#[test]
fn a_file_without_scans_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.h5");
    let make = "import sys, h5py; h5py.File(sys.argv[1], 'w')";
    testing::output(testing::python().args(["-c", make]).arg(&file));
    let (status, report) = check(&file, &[]);
    assert_eq!(
        (status, findings(&report)),
        (Some(0), vec!["(/: holds no scan of its own)".to_owned()])
    );
}

#[test]
fn every_defect_is_found() {
    let defects = [
        (
            "dangling_soft_link",
            "/1.1/measurement/lost: leads nowhere: there is no /1.1/instrument/lost/data",
        ),
        (
            "dangling_external_link",
            "/1.1/master: leads nowhere: there is no file",
        ),
        ("external_link_to_nothing", "other.h5 has no /1.1"),
        (
            "dangling_virtual_dataset",
            "/1.1/instrument/frames: lacks a part of its data: there is no file",
        ),
        (
            "missing_raw_data",
            "/1.1/instrument/frames: lacks a part of its data:",
        ),
        (
            "default_to_nothing",
            "/1.1@default: leads to \"plot\", which is no group",
        ),
        (
            "plot_without_signal",
            "/1.1/plotselect: has no dataset \"diode\"",
        ),
        (
            "axis_of_other_length",
            "/1.1/plotselect/roby: has 3 points, the signal has 5",
        ),
        (
            "positions_of_no_point",
            "/1.1/plotselect/roby: has 5 points, the signal has 4",
        ),
        (
            "signals_of_two_lengths",
            "/1.1/plotselect/other: is drawn with a signal of shape [5], but has the shape [4]",
        ),
        (
            "shorter_than_recorded",
            "/1.1/instrument/diode/data: has 4 points, the record says 5",
        ),
        (
            "unequal_lengths",
            "/1.1/measurement: /1.1/instrument/roby/data has 5 points, others have 6",
        ),
        ("no_end_time", "/1.1: has no end_time"),
        (
            "broken_record",
            "/1.1/writer/data: is no record of completeness",
        ),
        (
            "incomplete",
            "/1.1/writer/data: the scan is not complete: the sky fell",
        ),
        (
            "holes",
            "/1.1/instrument/diode/data: 5 points were published, 3 came",
        ),
        (
            "holes_of_version_1",
            "/1.1/instrument/diode/data: 5 points were published, 3 came",
        ),
        (
            "path_out_of_the_folder",
            "/1.1/writer/data: is no record of completeness: stream \"diode\": path \"../diode/data\" leads",
        ),
        ("not_what_the_status_says", "/1.1/writer/status: is FAILED"),
    ];
    for (defect, expected) in defects {
        let (_folder, file) = file_with(&[defect]);
        let (status, check) = check(&file, &[]);
        let found = findings(&check);
        assert!(
            found.iter().any(|found| found.contains(expected)),
            "{defect}: {found:?}"
        );
        assert_eq!((status, &check["good"]), (Some(1), &Json::from(false)));
    }
}

#[test]
fn a_record_of_a_newer_version_is_not_misread() {
    let text = "is a record of completeness of version 3, this program reads versions up to 2";
    for (defects, path) in [
        (&["newer_record"][..], "/1.1/writer/data"),
        (
            &["no_end_time", "newer_record", "root_record"],
            "/@completeness_01M82Y7PBE5ARXMK29K55ZRRJ4",
        ),
    ] {
        let (_folder, file) = file_with(defects);
        let (status, check) = check(&file, &[]);
        assert_eq!(status, Some(1));
        assert_eq!(findings(&check), [format!("{path}: {text}")], "{defects:?}");
    }
}

#[test]
fn unfinished_scans_are_reported() {
    for (defect, standing, shown) in [
        ("running", "not finished", "NOT FINISHED"),
        ("no_record", "without record", "NOT VERIFIED"),
    ] {
        let (_folder, file) = file_with(&[defect]);
        let (status, report) = check(&file, &[]);
        assert_eq!(
            (status, &report["scans"][0]["standing"]),
            (Some(1), &standing.into())
        );
        let (status, report, _) = run(nexus_writer(["check"]).arg(&file));
        assert_eq!(status, Some(1));
        assert!(report.contains("scan.h5: NOT GOOD\n  /1.1  "), "{report}");
        assert!(report.contains(shown), "{report}");
    }
}

#[test]
fn one_bad_file_among_good_ones_is_enough() {
    let (folder, file) = file_with(&[]);
    let text = folder.path().join("text");
    std::fs::write(&text, "no HDF5").unwrap();
    for bad in [text, folder.path().join("nowhere.h5")] {
        let (status, report, _) = run(nexus_writer(["check"]).args([&bad, &file]));
        assert_eq!(status, Some(1));
        let (bad, good) = (bad.display(), file.display());
        assert!(report.contains(&format!(
            "{bad}: NOT GOOD\n    problem  /: cannot be opened"
        )));
        assert!(report.contains(&format!(
            "{good}: good\n  /1.1  complete, 2 streams, 10 points\n"
        )));
    }
}

#[test]
fn values_are_compared_with_redis() {
    let fixture = Fixture::new();
    let options = ["--kind", "mca", "--points", "20", "--channels", "2"];
    let keys = fixture.simulate(&options);
    fixture.save(&keys);
    let url = fixture.url();
    let (status, report) = check(&fixture.file(), &["--redis", &url]);
    assert_eq!((status, findings(&report)), (Some(0), vec![]), "{report}");
    let scan = &report["scans"][0];
    assert_eq!(scan["scan"], keys[0].as_str());
    assert!(scan["compared"].as_u64().unwrap() >= 40, "{scan}");
    assert_eq!(scan["compared"], scan["points"]);

    let alter = "
import sys, h5py
def alter(name, item):
    if isinstance(item, h5py.Dataset) and item.ndim == 2:
        item[7, 11] += 1
        return name
with h5py.File(sys.argv[1], 'a') as file:
    print(file.visititems(alter))
";
    let altered = testing::output(testing::python().args(["-c", alter]).arg(fixture.file()));
    let (status, _) = check(&fixture.file(), &[]);
    assert_eq!(status, Some(0), "only Redis knows");
    let (status, report) = check(&fixture.file(), &["--redis", &url]);
    let found = findings(&report);
    assert_eq!((status, found.len()), (Some(1), 1), "{found:?}");
    let expected = format!(
        "/{}: 1 point differs from Redis: point 7, element 11 is ",
        altered.trim()
    );
    assert!(found[0].starts_with(&expected), "{found:?}");
}

#[test]
fn scans_that_redis_no_longer_has_are_reported() {
    let (_folder, file) = file_with(&[]);
    let (status, report) = check(&file, &["--redis", &Fixture::new().url()]);
    assert_eq!(status, Some(0), "{report}");
    let expected = "(/1.1: Redis no longer has the scan: values not compared)";
    assert_eq!(findings(&report), [expected]);
}

/// The library does not write its metadata in one piece.
#[test]
fn a_file_that_is_being_written_is_looked_at_again() {
    let (_folder, file) = file_with(&[]);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let written = file.clone();
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        fs::write(written, whole).unwrap();
    });
    let (status, report) = check(&file, &[]);
    writer.join().unwrap();
    assert_eq!(findings(&report), [""; 0]);
    assert_eq!(status, Some(0), "{report}");
}
