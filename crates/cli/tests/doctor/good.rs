//! Set-ups that have nothing wrong.

use std::fs;

use crate::findings::Findings;
use crate::fixture::{Beamline, Installation};

#[tokio::test]
async fn a_beamline_is_ok_in_every_respect() {
    let beamline = Beamline::new().await;
    let _service = beamline.serve();
    let findings = beamline.findings();
    findings.assert_only(&[]);
    let mut list = findings.list.iter();
    assert!(list.all(|it| it.level == "OK"), "{}", findings.text);
    let device = &findings.get("Tango device").found;
    assert!(device.ends_with("is in state ON"), "{device}");
    let writers = &findings.get("other writers").found;
    assert!(writers.starts_with("only this one: process "), "{writers}");

    // The same for people.
    let (status, text, errors) = testing::run(&mut beamline.doctor());
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{text}");
    let (lines, end) = text.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(end, "No problem was found.");
    let is_ok = |line: &str| line.starts_with("OK       ");
    assert!(lines.lines().all(is_ok), "{text}");

    // Nothing is left behind.
    let left = fs::read_dir(beamline.installation.folder()).unwrap();
    let mut names = left.map(|entry| entry.unwrap().file_name());
    assert!(names.all(|name| !name.to_string_lossy().contains("doctor")));
}

#[tokio::test]
async fn a_writer_without_tango_needs_neither_beacon_nor_a_device() {
    let installation = Installation::new().await;
    let findings = installation.findings();
    findings.assert_only(&[]);
    findings.assert_skipped(&["Beacon", "Tango database", "Tango device"]);
    // The directory is that of SCAN_SAVING.
    let directory = installation.folder().display().to_string();
    let found = &findings.get("data directory").found;
    assert!(found.ends_with(&directory), "{found}");
}

#[tokio::test]
async fn without_a_session_the_rest_is_checked() {
    let installation = Installation::new().await;
    let mut command = installation.doctor_with(&["--http-listen=off"]);
    let findings = Findings::of(&mut command);
    findings.assert_only(&[]);
    findings.assert_skipped(&["writer of BLISS"]);
}
