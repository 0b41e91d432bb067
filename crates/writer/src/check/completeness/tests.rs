//! Tests of the record as other modules see it.

mod compact;
mod round_trip;

use super::*;

fn parse(text: &str) -> Result<CompletenessRecord, RecordError> {
    CompletenessRecord::parse(text, Path::new("/data/a.h5"))
}

/// A place whose points are all in the file `a.h5`, the only one of the scan.
fn place(stream: &str, path: &str, points: u64) -> RecordedStream {
    RecordedStream {
        stream: stream.to_owned(),
        file: String::new(),
        path: path.to_owned(),
        expected: Some(points),
        received: points,
        written: points,
        holes: Vec::new(),
    }
}

fn record(streams: Vec<RecordedStream>) -> CompletenessRecord {
    CompletenessRecord {
        scan: "esrf:scan:A".to_owned(),
        complete: true,
        running: false,
        problems: Vec::new(),
        streams,
    }
}

#[test]
fn a_record_of_a_newer_version_is_not_misread() {
    let text = |version: &str| format!(r#"{{{version} "scan": "a", "complete": true}}"#);
    for version in [r#""version": 1,"#, r#""version": 2,"#] {
        assert!(parse(&text(version)).unwrap().complete);
    }
    let newer = parse(&text(r#""version": 3,"#)).unwrap_err();
    assert!(matches!(newer, RecordError::Newer(3)), "{newer}");
    // A newer version may lack other fields.
    let newer = parse(r#"{"version": 4}"#).unwrap_err();
    assert!(matches!(newer, RecordError::Newer(4)), "{newer}");
    for text in [
        "",
        "[]",
        "{}",
        &text(""),
        &text(r#""version": 0,"#),
        r#"{"version": "1"}"#,
        r#"{"version": 1}"#,
        r#"{"version": 2}"#,
    ] {
        let error = parse(text).unwrap_err();
        assert!(
            matches!(error, RecordError::Malformed(_)),
            "{text}: {error}"
        );
    }
}

#[test]
fn version_1_is_read() {
    let text = r#"{"version": 1, "scan": "esrf:scan:A", "complete": false, "running": true,
        "problems": ["p"], "streams": [
            {"stream": "diode", "path": "/1.1/diode", "file": "/x/a.h5", "expected": 10, "received": 8,
             "written": 7, "holes": [[3, 5]]},
            {"stream": "diode", "path": "/1.1/diode", "file": "/x/b.h5", "expected": 10, "received": 8,
             "written": 7, "holes": []},
            {"stream": "cam", "path": "/1.1/cam", "expected": null, "received": 2, "written": 2, "holes": []}]}"#;
    let diode = RecordedStream {
        file: "/x/a.h5".to_owned(),
        received: 8,
        written: 7,
        holes: vec![(3, 5)],
        ..place("diode", "/1.1/diode", 10)
    };
    let cam = RecordedStream {
        expected: None,
        ..place("cam", "/1.1/cam", 2)
    };
    let expected = CompletenessRecord {
        complete: false,
        running: true,
        problems: vec!["p".to_owned()],
        ..record(vec![diode, cam])
    };
    assert_eq!(parse(text).unwrap(), expected);
}

#[test]
fn missing_points_are_described() {
    let stream = |expected: Option<u64>, received, written, holes: &[(u64, u64)]| RecordedStream {
        expected,
        received,
        written,
        holes: holes.to_vec(),
        ..place("a", "/a", 0)
    };
    assert_eq!(stream(Some(3), 3, 3, &[]).problem(), None);
    assert_eq!(stream(None, 3, 3, &[]).problem(), None);
    let problem = |stream: RecordedStream| stream.problem().unwrap();
    assert_eq!(
        problem(stream(Some(4), 3, 3, &[])),
        "4 points were published, 3 came"
    );
    assert_eq!(
        problem(stream(Some(3), 3, 2, &[])),
        "3 points came, 2 were written"
    );
    assert_eq!(
        problem(stream(Some(3), 3, 3, &[(1, 3), (5, 6)])),
        "points 1 to 2 are missing and others"
    );
    // Nothing says that the holes of version 1 are possible.
    let impossible = stream(None, 3, 3, &[(0, u64::MAX), (0, 9), (7, 2)]);
    assert_eq!(impossible.missing(u64::MAX), u64::MAX);
}
