//! Recorded scans that are saved after they have ended.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value as Json;
use testing::{Replay, Speed, validate};

use crate::families::{assert_equal, options};

/// Outcomes of recordings whose scans are not all complete.
const OUTCOMES: &[(&str, &[&str])] = &[
    ("duplicate_scan", &["COMPLETE", "FAILED"]),
    // The writer "null" has no file name, so no other writer would be asked to save that scan.
    ("empty_scans", &["SKIPPED", "FAILED"]),
    (
        "group_files",
        &["COMPLETE", "COMPLETE", "SKIPPED", "COMPLETE"],
    ),
    ("save_false", &["SKIPPED", "COMPLETE"]),
    (
        "several_scans",
        &["COMPLETE", "COMPLETE", "SKIPPED", "COMPLETE", "COMPLETE"],
    ),
];

/// Saves these recordings with `nexus-writer save`.
pub fn save(names: &[&str], golden: &str) {
    let replay = Replay::new(names);
    let scans = replay.publish(Speed::Max);
    let (flags, _) = options(names, golden);
    let done = writer()
        .args(["save", "--json", &replay.url()])
        .args(scans.iter().map(|scan| &scan.key))
        .args(flags)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&done.stderr);
    let mut outcomes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in String::from_utf8(done.stdout).unwrap().lines() {
        let outcome: Json = serde_json::from_str(line).expect(line);
        let scan = scans.iter().find(|scan| outcome["key"] == *scan.key);
        let state = outcome["state"].as_str().unwrap().to_owned();
        let recording = &scan.expect("a scan that was asked for").recording;
        outcomes.entry(recording).or_default().push(state);
    }
    assert_equal(&replay, golden, &log);
    assert_valid(&replay);
    for name in names {
        let usual =
            || vec!["COMPLETE"; scans.iter().filter(|scan| scan.recording == *name).count()];
        let known = OUTCOMES.iter().find(|(recording, _)| recording == name);
        let expected = known.map_or_else(usual, |(_, states)| states.to_vec());
        assert_eq!(outcomes[name], expected, "{name}\n{log}");
    }
    let failed = outcomes.values().flatten().any(|state| state == "FAILED");
    assert_eq!(done.status.code(), Some(failed.into()), "{log}");
}

/// Panics with the findings of the validators, except those about files of detectors.
fn assert_valid(replay: &Replay) {
    let problems = validate(&[replay.directory()], "*cam*_0*");
    let list: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{}", list.join("\n"));
}

/// Returns the command without environment variables that change it.
pub fn writer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nexus-writer"));
    command
        .env_remove("REDIS_DATA_URL")
        .env_remove("BEACON_HOST");
    command
}
