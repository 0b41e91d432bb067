//! The text of version 2, and what is not accepted as such.

use super::*;

#[test]
fn what_is_the_same_is_said_once() {
    let mut detector = place("ct2:det00", "/1.1/instrument/det00/data", 10);
    (detector.received, detector.written, detector.holes) = (8, 8, vec![(3, 5)]);
    let image = RecordedStream {
        expected: None,
        ..place("cam:image", "/1.1/instrument/cam/image", 10)
    };
    let incomplete = CompletenessRecord {
        complete: false,
        running: true,
        problems: vec!["2 points are missing".to_owned()],
        ..record(vec![
            detector,
            place("axis:samy", "/1.1/instrument/samy/value", 10),
            place("slow", "/1.1/instrument/slow/data", 3),
            image,
        ])
    };
    let text = concat!(
        r#"{"version":2,"scan":"esrf:scan:A","complete":false,"running":true,"#,
        r#""problems":["2 points are missing"],"folder":"/1.1/instrument/","points":10,"streams":{"#,
        r#""axis:samy":"samy/value","cam:image":{"path":"cam/image","expected":null},"#,
        r#""ct2:det00":{"path":"det00/data","received":8,"written":8,"holes":[[3,5]]},"#,
        r#""slow":{"path":"slow/data","points":3}}}"#
    );
    assert_eq!(incomplete.to_text(), text);
}

#[test]
fn a_record_without_streams_has_no_defaults() {
    let text = r#"{"version":2,"scan":"esrf:scan:A","complete":true}"#;
    assert_eq!(record(Vec::new()).to_text(), text);
}

#[test]
fn a_stream_may_have_several_places() {
    let in_file = |file: &str, path: &str| RecordedStream {
        file: file.to_owned(),
        ..place("diode", path, 3)
    };
    let several = record(vec![
        in_file("b.h5", "/diode"),
        in_file("/x/a.h5", "/2.1/diode"),
        in_file("b.h5", "/1.1/diode"),
    ]);
    let text = concat!(
        r#"{"version":2,"scan":"esrf:scan:A","complete":true,"file":"b.h5","points":3,"streams":{"#,
        r#""diode":[{"path":"2.1/diode","file":"/x/a.h5"},"1.1/diode","diode"]}}"#
    );
    assert_eq!(several.to_text(), text);
    // Only the places in the file that is read count.
    let ours = record(vec![in_file("/x/a.h5", "/2.1/diode")]);
    assert_eq!(parse(text).unwrap(), ours);
}

#[test]
fn the_text_does_not_depend_on_the_order_of_the_streams() {
    let mut streams = vec![
        place("b", "/1.1/b", 2),
        place("a", "/1.1/a", 1),
        place("a", "/1.1/c", 2),
        place("c", "/1.1/d", 1),
    ];
    let text = record(streams.clone()).to_text();
    assert!(text.contains(r#""points":2"#), "{text}");
    streams.reverse();
    assert_eq!(record(streams).to_text(), text);
}

#[test]
fn paths_that_cannot_be_relative_are_absolute() {
    let unusual = ["/1.1/../a", "/1.1//b", "/", "/1.1/c/"];
    let streams = unusual.iter().map(|path| place(path, path, 3));
    let usual = [place("d", "/1.1/d/data", 3), place("e", "/1.1/e/data", 3)];
    let record = record(streams.chain(usual).collect());
    let text = record.to_text();
    assert!(text.contains(r#""folder":"/1.1/""#), "{text}");
    assert!(text.contains(r#""/1.1/../a":"/1.1/../a""#), "{text}");
    let read = parse(&text).unwrap();
    assert!(
        record
            .streams
            .iter()
            .all(|place| read.streams.contains(place))
    );
}

#[test]
fn numbers_are_limited_to_those_that_all_readers_can_have() {
    let huge = RecordedStream {
        received: 3,
        written: 3,
        ..place("a", "/a", u64::MAX)
    };
    let read = parse(&record(vec![huge]).to_text()).unwrap();
    assert_eq!(read.streams[0].expected, Some(MAX_NUMBER));
    assert_eq!(read.streams[0].received, 3);
}

/// Returns why a record with these members is not accepted, with the cause.
fn refusal(members: &str) -> String {
    let text = format!(r#"{{"version": 2, "scan": "a", "complete": true, {members}}}"#);
    match parse(&text) {
        Err(RecordError::Malformed(cause)) => cause.to_string(),
        other => panic!("{members}: {other:?}"),
    }
}

#[test]
fn wrong_types_are_errors() {
    for members in [
        r#""points": "10""#,
        r#""points": -1"#,
        r#""points": 1.5"#,
        r#""points": 1e300"#,
        r#""points": 9007199254740992"#,
        r#""points": 99999999999999999999999"#,
        r#""folder": 1"#,
        r#""file": null"#,
        r#""problems": "p""#,
        r#""running": 1"#,
        r#""streams": []"#,
        r#""streams": null"#,
        r#""streams": {"a": 1}"#,
        r#""streams": {"a": null}"#,
        r#""streams": {"a": {}}"#,
        r#""streams": {"a": [["a"]]}"#,
        r#""streams": {"a": ["a", null, 1]}"#,
    ] {
        refusal(members);
    }
    for place in [
        r#""path": 1"#,
        r#""path": "a", "received": null, "written": -1"#,
        r#""path": "a", "expected": "10""#,
        r#""path": "a", "holes": [[1]]"#,
        r#""path": "a", "holes": [[1, 2, 3]]"#,
        r#""path": "a", "holes": [1, 2]"#,
        r#""path": "a", "holes": [[-1, 2]]"#,
        r#""path": "a", "path": "b""#,
    ] {
        refusal(&format!(r#""points": 3, "streams": {{"a": {{{place}}}}}"#));
    }
}

#[test]
fn contradictions_are_errors() {
    let stream = |place: &str| refusal(&format!(r#""points": 9, "streams": {{"a": {place}}}"#));
    for holes in [
        "[[3, 3]]",
        "[[3, 1]]",
        "[[5, 7], [1, 2]]",
        "[[1, 4], [3, 5]]",
    ] {
        assert_eq!(
            stream(&format!(r#"{{"path": "a", "holes": {holes}}}"#)),
            r#"stream "a": the holes are not ascending ranges"#
        );
    }
    for path in ["", ".", "..", "../a", "a/../../b", "a//b", "a/"] {
        assert_eq!(
            stream(&format!(r#"["b", {{"path": "{path}"}}]"#)),
            format!(r#"stream "a": path "{path}" leads out of the folder"#)
        );
    }
    for folder in ["", "1.1/", "/1.1", "/1.1/../", "//"] {
        assert_eq!(
            refusal(&format!(r#""folder": "{folder}""#)),
            format!("{folder:?} is no folder")
        );
    }
    let twice = refusal(r#""points": 1, "streams": {"a": "a", "a": "b"}"#);
    assert!(twice.contains(r#"stream "a" is there twice"#), "{twice}");
    assert_eq!(
        refusal(r#""streams": {"a": {"path": "a", "expected": null, "received": 1}}"#),
        r#"stream "a": the number "written" is missing"#
    );
}

#[test]
fn unknown_members_are_ignored() {
    let text = r#"{"version": 2, "scan": "esrf:scan:A", "complete": true, "more": [{}], "points": 3,
        "streams": {"a": {"path": "a", "more": 1, "holes": [[1, 2], [2, 3]]}}}"#;
    let expected = RecordedStream {
        holes: vec![(1, 2), (2, 3)],
        ..place("a", "/a", 3)
    };
    assert_eq!(parse(text).unwrap(), record(vec![expected]));
}
