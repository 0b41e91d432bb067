//! Tests of the record as other modules see it.

use super::*;

#[test]
fn a_record_of_a_newer_version_is_not_misread() {
    let file = Path::new("a.h5");
    let text = |version: &str| format!(r#"{{{version} "scan": "a", "complete": true}}"#);
    let read = CompletenessRecord::parse(&text(r#""version": 1,"#), file).unwrap();
    assert!(read.complete);
    let newer = CompletenessRecord::parse(&text(r#""version": 2,"#), file).unwrap_err();
    assert!(matches!(newer, RecordError::Newer(2)), "{newer}");
    // A newer version may lack other fields.
    let newer = CompletenessRecord::parse(r#"{"version": 3}"#, file).unwrap_err();
    assert!(matches!(newer, RecordError::Newer(3)), "{newer}");
    for text in [
        "",
        "[]",
        "{}",
        &text(""),
        r#"{"version": "1"}"#,
        r#"{"version": 1}"#,
    ] {
        let error = CompletenessRecord::parse(text, file).unwrap_err();
        assert!(
            matches!(error, RecordError::Malformed(_)),
            "{text}: {error}"
        );
    }
}

#[test]
fn missing_points_are_described() {
    let stream = |expected: &str, received, written, holes: &str| -> RecordedStream {
        let text = format!(
            r#"{{"stream": "a", "path": "/a", "expected": {expected}, "received": {received},
                "written": {written}, "holes": {holes}}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(stream("3", 3, 3, "[]").problem(), None);
    assert_eq!(stream("null", 3, 3, "[]").problem(), None);
    let problem = |stream: RecordedStream| stream.problem().unwrap();
    assert_eq!(
        problem(stream("4", 3, 3, "[]")),
        "4 points were published, 3 came"
    );
    assert_eq!(
        problem(stream("3", 3, 2, "[]")),
        "3 points came, 2 were written"
    );
    assert_eq!(
        problem(stream("3", 3, 3, "[[1, 3], [5, 6]]")),
        "points 1 to 2 are missing and others"
    );
    // Nothing says that holes are possible.
    let impossible = stream("null", 3, 3, "[[0, 18446744073709551615], [0, 9], [7, 2]]");
    assert_eq!(impossible.missing(u64::MAX), u64::MAX);
}
