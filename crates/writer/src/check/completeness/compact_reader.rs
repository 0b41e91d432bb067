//! Reads version 2 of the record, which says once what is the same for most streams.

mod place;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::paths::{self, ROOT};
use super::{CompletenessRecord, MAX_NUMBER, RecordedStream};
use place::{Place, Places};

/// Reads a record of version 2.
///
/// # Errors
/// Returns an error if the text is no such record.
pub fn read(text: &str) -> Result<CompletenessRecord, serde_json::Error> {
    let record: CompactRecord = serde_json::from_str(text)?;
    if !paths::is_folder(&record.folder) {
        let folder = &record.folder;
        return Err(Error::custom(format!("{folder:?} is no folder")));
    }
    let places = record.streams.0.iter().flat_map(|(stream, places)| {
        let places = places.0.iter();
        places.map(|place| recorded_stream(stream, place, &record))
    });
    Ok(CompletenessRecord {
        streams: places.collect::<Result<_, _>>()?,
        scan: record.scan,
        complete: record.complete,
        running: record.running,
        problems: record.problems,
    })
}

/// The members of a record.
#[derive(Deserialize)]
struct CompactRecord {
    scan: String,
    complete: bool,
    #[serde(default)]
    running: bool,
    #[serde(default)]
    problems: Vec<String>,
    /// Folder of the datasets, with a slash at its end.
    #[serde(default = "root")]
    folder: String,
    /// The file of all places that name no other one.
    #[serde(default)]
    file: String,
    /// Each of the numbers of points that a place does not have.
    points: Option<Number>,
    #[serde(default)]
    streams: Streams,
}

fn root() -> String {
    ROOT.to_owned()
}

/// A number that all readers of JSON can have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "u64")]
struct Number(u64);

impl TryFrom<u64> for Number {
    type Error = String;

    fn try_from(number: u64) -> Result<Number, String> {
        match number <= MAX_NUMBER {
            true => Ok(Number(number)),
            false => Err(format!("{number} is above 2^53 - 1")),
        }
    }
}

/// Returns what the record says about one place of a stream.
fn recorded_stream(
    stream: &str,
    place: &Place,
    record: &CompactRecord,
) -> Result<RecordedStream, serde_json::Error> {
    let error = |text: &str| Error::custom(format!("stream {stream:?}: {text}"));
    let default = place.points.or(record.points);
    let Some(path) = paths::absolute(&place.path, &record.folder) else {
        let text = format!("path {:?} leads out of the folder", place.path);
        return Err(error(&text));
    };
    let number = |name: &str, number: Option<Number>| {
        let number = number.or(default);
        number.ok_or_else(|| error(&format!("the number {name:?} is missing")))
    };
    let expected = match place.expected {
        Some(expected) => expected,
        None => Some(number("expected", None)?),
    };
    if !is_ascending(&place.holes) {
        return Err(error("the holes are not ascending ranges"));
    }
    let holes = place.holes.iter();
    Ok(RecordedStream {
        stream: stream.to_owned(),
        file: place.file.as_ref().unwrap_or(&record.file).clone(),
        path,
        expected: expected.map(|expected| expected.0),
        received: number("received", place.received)?.0,
        written: number("written", place.written)?.0,
        holes: holes.map(|(first, end)| (first.0, end.0)).collect(),
    })
}

/// Returns `true` if no range is empty, and each one begins where the one before has ended, or later.
fn is_ascending(ranges: &[(Number, Number)]) -> bool {
    let bounds: Vec<Number> = ranges
        .iter()
        .flat_map(|(first, end)| [*first, *end])
        .collect();
    ranges.iter().all(|(first, end)| first < end) && bounds.is_sorted()
}

/// The places of each stream.
#[derive(Default)]
struct Streams(BTreeMap<String, Places>);

impl<'de> Deserialize<'de> for Streams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Streams, D::Error> {
        deserializer.deserialize_map(StreamsVisitor)
    }
}

struct StreamsVisitor;

impl<'de> Visitor<'de> for StreamsVisitor {
    type Value = Streams;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("the places of streams by the names of the streams")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Streams, A::Error> {
        let mut streams = Streams::default();
        while let Some((name, places)) = map.next_entry::<String, Places>()? {
            // Programs do not agree about which of two members of the same name counts.
            if streams.0.contains_key(&name) {
                return Err(Error::custom(format!("stream {name:?} is there twice")));
            }
            streams.0.insert(name, places);
        }
        Ok(streams)
    }
}
