//! The logs of the commands.

use std::fs;

use serde_json::Value as Json;

use crate::fixture::{Fixture, nexus_writer, run};

#[test]
fn logs_can_be_collected_and_kept_in_a_file() {
    let fixture = Fixture::new();
    let keys = fixture.simulate(&["--points", "3"]);
    let file = fixture.file().with_extension("log");
    let mut command = nexus_writer(["save", &fixture.url(), &keys[0], "--log-format", "json"]);
    let (status, _, log) = run(command.arg("--logfile").arg(&file));
    assert_eq!(status, Some(0), "{log}");
    let lines: Vec<Json> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let about = lines
        .iter()
        .find(|line| line["message"] == "start saving")
        .unwrap();
    assert_eq!(
        (&about["scan"], &about["level"]),
        (&Json::from(keys[0].as_str()), &"INFO".into())
    );
    assert_eq!(
        fs::read_to_string(&file).unwrap().lines().count(),
        lines.len()
    );
}

#[test]
fn a_log_file_is_rotated() {
    let fixture = Fixture::new();
    let keys = fixture.simulate(&["--scans", "4", "--points", "1"]);
    let folder = fixture.file().with_extension("logs");
    fs::create_dir(&folder).unwrap();
    let options = [
        "--log",
        "debug",
        "--filesize",
        "0.0002",
        "--filebackups",
        "2",
    ];
    let mut command = nexus_writer(["save", &fixture.url()]);
    command
        .args(&keys)
        .args(options)
        .arg("--logfile")
        .arg(folder.join("log"));
    assert_eq!(run(&mut command).0, Some(0));
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["log", "log.1", "log.2"]);
}

#[test]
fn a_log_file_that_cannot_be_written_is_an_error() {
    let arguments = [
        "save",
        "redis://localhost:1",
        "esrf:scan:A",
        "--logfile",
        "/nowhere/log",
    ];
    let (status, _, log) = run(&mut nexus_writer(arguments));
    assert_eq!(status, Some(2));
    assert!(log.contains("/nowhere/log"), "{log}");
}
