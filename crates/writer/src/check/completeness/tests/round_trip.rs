//! Any record is read as it was written.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// Names as they are, and those that no path can have.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c]",
        1 => Just("..".to_owned()),
        1 => Just(String::new()),
        1 => "[ -~é\u{0}\u{1f600}]{0,3}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    vec(name(), 0..4).prop_map(|names| format!("/{}", names.join("/")))
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..4_u64, 1 => 0..=MAX_NUMBER]
}

fn holes() -> impl Strategy<Value = Vec<(u64, u64)>> {
    vec((0..3_u64, 1..3_u64), 0..3).prop_map(|lengths| {
        let mut end = 0;
        let ranges = lengths.iter().map(|(between, length)| {
            let first = end + between;
            end = first + length;
            (first, end)
        });
        ranges.collect()
    })
}

fn streams() -> impl Strategy<Value = Vec<RecordedStream>> {
    let numbers = (option::of(number()), number(), number());
    let place = (name(), path(), any::<bool>(), numbers, holes());
    let place = place.prop_map(|(stream, path, has_file, numbers, holes)| RecordedStream {
        stream,
        // Of the file that is read, or of the only one.
        file: if has_file { "/x/a.h5" } else { "" }.to_owned(),
        path,
        expected: numbers.0,
        received: numbers.1,
        written: numbers.2,
        holes,
    });
    vec(place, 0..6)
}

/// Returns the record with its streams in order.
fn sorted(mut record: CompletenessRecord) -> CompletenessRecord {
    let key = |place: &RecordedStream| format!("{place:?}");
    record.streams.sort_by_key(key);
    record
}

proptest! {
    #[test]
    fn a_record_is_read_as_it_was_written(
        scan in ".*",
        complete: bool,
        running: bool,
        problems in vec(".*", 0..3),
        streams in streams(),
    ) {
        let record = CompletenessRecord { scan, complete, running, problems, streams };
        let text = record.to_text();
        let read = parse(&text).unwrap();
        prop_assert_eq!(read.to_text(), text);
        prop_assert_eq!(sorted(read), sorted(record));
    }

    #[test]
    fn no_text_is_a_panic(members in ".*", place in ".*") {
        for text in [
            format!(r#"{{"version": 2, "scan": "a", "complete": true, {members}}}"#),
            format!(r#"{{"version": 2, "scan": "a", "complete": true, "streams": {{"a": {{"path": {place}}}}}}}"#),
        ] {
            if let Ok(record) = parse(&text) {
                prop_assert!(parse(&record.to_text()).is_ok());
            }
        }
    }
}
