//! `check` finds files of the writer good, and finds each wrong value.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use testing::{Replay, Speed};

const WRITER: &str = env!("CARGO_BIN_EXE_nexus-writer");

/// Saves all scans of a recording with these options. Returns the file.
fn save(replay: &Replay, name: &str, options: &[&str]) -> String {
    let scans = replay.publish(Speed::Max);
    let keys = scans.iter().map(|scan| scan.key.as_str());
    let mut command = Command::new(WRITER);
    let saved = command
        .args(["save", &replay.url()])
        .args(keys)
        .args(options)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&saved.stderr);
    assert!(saved.status.success(), "{name}: {log}");
    let file = format!("demo/{name}.h5");
    replay.root(name).join(file).to_str().unwrap().to_owned()
}

#[test]
fn frames_are_counted_in_every_form() {
    let forms: [&[&str]; 3] = [
        &[],
        &["--keepshape"],
        &["--disable-external-hdf5", "--copy-non-external"],
    ];
    for options in forms {
        let replay = Replay::new(&["lima_mesh"]);
        let file = save(&replay, "lima_mesh", options);
        let (status, report) = check(&replay, &file);
        assert_eq!(status, Some(0), "{options:?}: {report}");
        assert_eq!(report["scans"][0]["points"], 48, "{report}");
    }
    let replay = Replay::new(&["lima_mesh"]);
    let file = save(&replay, "lima_mesh", &[]);
    std::fs::remove_file(
        replay
            .root("lima_mesh")
            .join("demo/scan0001/mockcam_0001.h5"),
    )
    .unwrap();
    let (status, report) = check(&replay, &file);
    let findings = report["scans"][0]["findings"].to_string();
    assert_eq!(status, Some(1), "{report}");
    assert!(findings.contains("mockcam_0001.h5"), "{findings}");
}

/// Returns the output of `check` about a file, with its exit status.
fn check(replay: &Replay, file: &str) -> (Option<i32>, Json) {
    let mut command = Command::new(WRITER);
    let checked = command.args(["check", "--json", "--redis", &replay.url(), file]);
    let checked = checked.output().unwrap();
    let report = serde_json::from_slice(&checked.stdout).unwrap();
    (checked.status.code(), report)
}

/// Adds one to an element of a dataset.
fn alter(file: &str, path: &str, index: &str) {
    let program =
        format!("import h5py\nwith h5py.File({file:?}, 'a') as file: file[{path:?}][{index}] += 1");
    assert!(Path::new(file).exists());
    testing::output(testing::python().args(["-c", &program]));
}

#[test]
fn every_value_of_lists_grids_and_spectra_counts() {
    // The recording, the options, and an element of the file.
    let cases: [(&str, &[&str], &str, &str, &str); 3] = [
        (
            "amesh",
            &[],
            "/1.1/instrument/diode/signal",
            "7",
            "point 7 is",
        ),
        (
            "amesh",
            &["--keepshape"],
            "/1.1/instrument/diode/signal",
            "1, 2",
            "point 6 is",
        ),
        (
            "variable_rows",
            &[],
            "/1.1/instrument/rows/data",
            "2, 0, 1",
            "point 2, element 1 is",
        ),
    ];
    for (name, options, path, index, expected) in cases {
        let replay = Replay::new(&[name]);
        let file = save(&replay, name, options);
        let (status, good) = check(&replay, &file);
        assert_eq!(status, Some(0), "{name} {options:?}: {good}");
        let scan = &good["scans"][0];
        assert_eq!(scan["compared"], scan["points"], "{name}: {scan}");
        alter(&file, path, index);
        let (status, bad) = check(&replay, &file);
        let findings = bad["scans"][0]["findings"].to_string();
        assert_eq!(status, Some(1), "{name} {options:?}: {bad}");
        assert!(
            findings.contains(path) && findings.contains(expected),
            "{name} {options:?}: {findings}"
        );
    }
}
