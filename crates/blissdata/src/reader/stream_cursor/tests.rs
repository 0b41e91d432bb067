//! Rules for gaps, batches and seals, on entries as Redis sends them.

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::reader::event::PointBlock;
use crate::stream_kind::ProgressReader;

/// An entry: first index, fields.
type Row<'a> = (u64, &'a [(&'a str, &'a [u8])]);

fn reply(rows: &[Row<'_>]) -> Bytes {
    let bulk = |bytes: &[u8]| [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let mut reply = format!("*1\r\n*2\r\n$1\r\nk\r\n*{}\r\n", rows.len()).into_bytes();
    for (index, fields) in rows {
        let second = if *index == SEAL { SEAL } else { 1 };
        reply.extend(b"*2\r\n");
        reply.extend(bulk(format!("{index}-{second}").as_bytes()));
        reply.extend(format!("*{}\r\n", 2 * fields.len()).as_bytes());
        for (name, value) in *fields {
            reply.extend(bulk(name.as_bytes()));
            reply.extend(bulk(value));
        }
    }
    reply.into()
}

fn take(cursor: &mut StreamCursor, rows: &[Row<'_>]) -> Vec<ReaderEvent> {
    let reply = reply(rows);
    let mut events = Vec::new();
    let mut out = EventCollector::new(&reply, &mut events);
    let mut scan = EntryScanner::of_xread(&reply).unwrap();
    let head = scan.next_stream().unwrap().unwrap();
    cursor.take(&mut scan, head.entries, &mut out).unwrap();
    drop(out);
    events
}

fn end_unsealed(cursor: &mut StreamCursor) -> Vec<ReaderEvent> {
    let nothing = Bytes::new();
    let mut events = Vec::new();
    cursor.end_unsealed(&mut EventCollector::new(&nothing, &mut events));
    events
}

fn cursor(format: PayloadFormat, from: u64) -> StreamCursor {
    StreamCursor::new(StreamId(0), "axis:m0", "k", format, from)
}

/// Reports of a detector: frames acquired and frames saved, in a byte each.
#[derive(Debug)]
struct TwoBytes;

impl ProgressReader for TwoBytes {
    fn read(&self, payload: &[u8], _: u64) -> Result<Progress, String> {
        let [acquired, saved] = payload.try_into().map_err(|_| "not two bytes")?;
        let [acquired, saved] = [acquired, saved].map(u8::into);
        Ok(Progress { acquired, saved })
    }
}

/// A stream of reports of a detector.
fn detector(from: u64) -> StreamCursor {
    cursor(PayloadFormat::Progress(Arc::new(TwoBytes)), from)
}

/// A stream of points of two bytes.
fn pairs(from: u64) -> StreamCursor {
    cursor(PayloadFormat::Fixed { point: 2 }, from)
}

fn points(first: u64, data: &[u8]) -> ReaderEvent {
    ReaderEvent::Points(PointBlock {
        stream: StreamId(0),
        first,
        count: data.len() as u64 / 2,
        shape: None,
        data: Bytes::copy_from_slice(data),
    })
}

fn lost(first: u64, count: u64, reason: LossReason) -> ReaderEvent {
    ReaderEvent::Lost {
        stream: StreamId(0),
        first,
        count,
        reason,
    }
}

fn end(total: u64, sealed: bool) -> ReaderEvent {
    ReaderEvent::End {
        stream: StreamId(0),
        total,
        sealed,
    }
}

fn is_corrupt(event: &ReaderEvent, expected_first: u64, expected_count: u64) -> bool {
    matches!(event, ReaderEvent::Lost { first, count, reason: LossReason::Corrupt(_), .. }
        if (*first, *count) == (expected_first, expected_count))
}

#[test]
fn entries_and_batches_become_one_block() {
    let mut stream = pairs(0);
    let events = take(
        &mut stream,
        &[
            (0, &[("payload", b"ab")]),
            (1, &[("len", b"2"), ("payload", b"cdef")]),
            (3, &[("payload", b"gh")]),
            (SEAL, &[("id", b"4")]),
        ],
    );
    assert_eq!(events, [points(0, b"abcdefgh"), end(4, true)]);
    assert!(stream.ended);
}

#[test]
fn holes_are_reported_where_they_are() {
    let mut stream = pairs(0);
    let events = take(
        &mut stream,
        &[
            (2, &[("payload", b"ab")]),
            (3, &[("payload", b"cd")]),
            (9, &[("payload", b"ef")]),
            (SEAL, &[("id", b"12")]),
        ],
    );
    let expected = [
        lost(0, 2, LossReason::Trimmed),
        points(2, b"abcd"),
        lost(4, 5, LossReason::Trimmed),
        points(9, b"ef"),
        lost(10, 2, LossReason::Trimmed),
        end(12, true),
    ];
    assert_eq!(events, expected);
}

#[test]
fn resumes_inside_a_batch() {
    let mut stream = pairs(2);
    assert!(stream.inside);
    // The entry that covers point 2, then the one that follows.
    let rows: [Row<'_>; 2] = [
        (0, &[("payload", b"abcdefgh"), ("len", b"4")]),
        (4, &[("payload", b"ij")]),
    ];
    assert_eq!(take(&mut stream, &rows), [points(2, b"efghij")]);
    // An entry before that does not reach the position says nothing about what is lost.
    let mut stream = pairs(5);
    assert_eq!(take(&mut stream, &rows[..1]), []);
    assert_eq!(
        take(&mut stream, &[(5, &[("payload", b"kl")])]),
        [points(5, b"kl")]
    );
}

#[test]
fn an_unreadable_entry_is_a_hole_up_to_the_next() {
    for bad in [
        &[("payload", b"abc".as_slice())][..],
        &[("payload", b"abcd"), ("len", b"3")],
        &[("payload", b"abcd"), ("len", b"0")],
        &[("payload", b"abcd"), ("len", b"99999999999999")],
        &[("payload", b"abcd"), ("len", b"x")],
        &[("other", b"abcd")],
        &[],
    ] {
        let mut stream = pairs(0);
        let rows = [(0, bad), (2, &[("payload", b"ef".as_slice())][..])];
        let events = take(&mut stream, &rows);
        assert!(is_corrupt(&events[0], 0, 2), "{events:?}");
        assert_eq!(events[1..], [points(2, b"ef")], "{bad:?}");
    }
}

#[test]
fn an_unreadable_entry_at_the_end() {
    let bad: Row<'_> = (0, &[("payload", b"abc"), ("len", b"3")]);
    let mut stream = pairs(0);
    assert_eq!(take(&mut stream, &[bad]), []);
    let events = end_unsealed(&mut stream);
    assert!(is_corrupt(&events[0], 0, 3), "{events:?}");
    assert_eq!(events[1..], [end(3, false)]);

    let mut stream = pairs(0);
    let events = take(&mut stream, &[bad, (SEAL, &[("id", b"2")])]);
    assert!(is_corrupt(&events[0], 0, 2), "{events:?}");
    assert_eq!(events[1..], [end(2, true)]);
}

#[test]
fn inconsistent_seals_end_the_stream() {
    for (seal, declared) in [
        (&[("id", b"1".as_slice())][..], 1),
        (&[("id", b"x")], 0),
        (&[("payload", b"ab")], 0),
    ] {
        let mut stream = pairs(0);
        let events = take(
            &mut stream,
            &[(0, &[("payload", b"abcd"), ("len", b"2")]), (SEAL, seal)],
        );
        let inconsistent = lost(2, 0, LossReason::InconsistentSeal { declared });
        assert_eq!(events, [points(0, b"abcd"), inconsistent, end(2, true)]);
    }
}

#[test]
fn variable_shapes_change_from_block_to_block() {
    let format = PayloadFormat::Variable {
        item: 1,
        shape: vec![None],
    };
    let mut stream = cursor(format, 1);
    let events = take(
        &mut stream,
        &[
            (
                0,
                &[
                    ("payload", &[0x92, 0x91, 2, 0xc4, 4, 1, 2, 3, 4]),
                    ("len", b"2"),
                ],
            ),
            (2, &[("payload", &[0x92, 0x91, 2, 0xc4, 2, 5, 6])]),
            (3, &[("payload", &[0x92, 0x91, 1, 0xc4, 1, 7])]),
            (4, &[("payload", &[0x92, 0x91, 2, 0xc4, 1, 7])]),
            (SEAL, &[("id", b"5")]),
        ],
    );
    let block = |first, count, size, data: &'static [u8]| {
        let shape = Some(Box::from([size]));
        let data = Bytes::from_static(data);
        ReaderEvent::Points(PointBlock {
            stream: StreamId(0),
            first,
            count,
            shape,
            data,
        })
    };
    assert_eq!(
        events[..2],
        [block(1, 2, 2, &[3, 4, 5, 6]), block(3, 1, 1, &[7])]
    );
    assert!(is_corrupt(&events[2], 4, 1), "{events:?}");
    assert_eq!(events[3..], [end(5, true)]);
}

#[test]
fn json_values_are_collected() {
    let mut stream = cursor(PayloadFormat::Json, 0);
    let events = take(
        &mut stream,
        &[
            (0, &[("payload", b"{\"a\": 1}")]),
            (1, &[("payload", b"[2]")]),
            (2, &[("payload", b"{")]),
            (3, &[("payload", b"NaN")]),
        ],
    );
    let json = |first, texts: &[&str]| ReaderEvent::Json {
        stream: StreamId(0),
        first,
        texts: texts.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(events[0], json(0, &["{\"a\": 1}", "[2]"]));
    assert!(is_corrupt(&events[1], 2, 1), "{events:?}");
    assert_eq!(events[2..], [json(3, &["NaN"])]);
}

#[test]
fn progress_is_the_greatest_report() {
    let frames = |acquired, saved| ReaderEvent::Frames {
        stream: StreamId(0),
        acquired,
        saved,
    };
    let mut stream = detector(7);
    // The first reports may have been trimmed, and one be broken: later ones say all.
    let rows: [Row<'_>; 3] = [
        (3, &[("payload", &[10, 4])]),
        (4, &[("payload", &[8, 6])]),
        (5, &[("payload", b"?")]),
    ];
    assert_eq!(take(&mut stream, &rows), [frames(10, 6)]);
    let rows: [Row<'_>; 2] = [(6, &[("payload", &[0, 10])]), (SEAL, &[("id", b"7")])];
    assert_eq!(take(&mut stream, &rows), [frames(10, 10), end(10, true)]);
}

#[test]
fn the_last_report_may_be_gone() {
    let mut stream = detector(0);
    let events = take(&mut stream, &[(0, &[("payload", &[5, 5])])]);
    assert_eq!(
        events,
        [ReaderEvent::Frames {
            stream: StreamId(0),
            acquired: 5,
            saved: 5
        }]
    );
    let events = take(&mut stream, &[(SEAL, &[("id", b"9")])]);
    assert_eq!(
        events,
        [lost(5, 0, LossReason::StatusTrimmed), end(5, true)]
    );

    let mut never = detector(0);
    assert_eq!(take(&mut never, &[(SEAL, &[("id", b"0")])]), [end(0, true)]);
}
