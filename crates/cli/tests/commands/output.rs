//! Results that nobody reads: the work goes on, and nothing panics.

use std::process::{Command, Stdio};

use crate::fixture::{Fixture, facts, nexus_writer, run};

/// Runs a command whose standard output has no reader. Returns exit code and standard error.
fn run_unread(command: &mut Command) -> (Option<i32>, String) {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(closed).stderr(Stdio::piped()).output();
    let output = output.unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Runs a command whose standard error has no reader. Returns exit code and standard output.
fn run_unheard(command: &mut Command) -> (Option<i32>, String) {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stderr(closed).stdout(Stdio::piped()).output();
    let output = output.unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn scans_are_saved_although_nobody_reads_the_reports() {
    let fixture = Fixture::new();
    let keys = fixture.simulate(&["--scans", "5", "--points", "3"]);
    for json in [&["--json"][..], &[]] {
        let mut save = nexus_writer(["save", &fixture.url()]);
        let (status, log) = run_unread(save.args(json).args(&keys));
        assert_eq!(status, Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
        assert!(facts(&fixture.file()).to_string().contains("5.1"));
        std::fs::remove_file(fixture.file()).unwrap();
    }
    let (status, log) = run_unread(
        fixture
            .simulation(&["--scans", "3", "--rate", "0"])
            .args(["--points", "2"]),
    );
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("publishing scan 8 "), "{log}");
}

#[test]
fn a_disk_without_room_for_the_reports_is_told() {
    let fixture = Fixture::new();
    let keys = fixture.simulate(&["--scans", "2", "--points", "3"]);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut save = nexus_writer(["save", "--json", &fixture.url()]);
    let output = save
        .args(&keys)
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(log.contains("cannot print the results"), "{log}");
    assert!(facts(&fixture.file()).to_string().contains("2.1"));
}

#[test]
fn commands_end_as_if_their_output_was_read() {
    let fixture = Fixture::new();
    let keys = fixture.simulate(&["--points", "3"]);
    fixture.save(&keys);
    let file = fixture.file();
    let file = file.to_str().unwrap();
    let missing = "/nonexistent.h5";
    for arguments in [
        &["tree", file][..],
        &["check", file],
        &["check", missing, file],
        &["check", "--json", missing, file],
        &["--help"],
        &["save", "--help"],
        &["--version"],
        &["fly"],
        &["tree", missing],
    ] {
        let (expected, _, _) = run(&mut nexus_writer(arguments));
        let (status, log) = run_unread(&mut nexus_writer(arguments));
        assert_eq!(status, expected, "{arguments:?}: {log}");
        assert!(!log.contains("panicked"), "{arguments:?}: {log}");
        let (status, _) = run_unheard(&mut nexus_writer(arguments));
        assert_eq!(status, expected, "{arguments:?}");
    }
}

#[test]
fn a_demo_needs_no_spectator() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let mut demo = nexus_writer(["demo", "--directory"]);
    demo.arg(&directory).env("TMPDIR", folder.path());
    let errors = closed.try_clone().unwrap();
    let status = demo.stdout(closed).stderr(errors).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(directory.join("demo.h5").exists());
}
