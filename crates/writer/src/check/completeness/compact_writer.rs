//! Writes version 2 of the record, which says once what is the same for most streams.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::paths::{self, ROOT};
use super::{CompletenessRecord, MAX_NUMBER, RecordedStream, VERSION};

/// Returns the record as a JSON object. Its members are always in the same order.
pub fn to_json(record: &CompletenessRecord) -> Json {
    let defaults = Defaults::of(&record.streams);
    let mut members = Map::new();
    let mut add = |name: &str, value: Json| members.insert(name.to_owned(), value);
    add("version", json!(VERSION));
    add("scan", json!(record.scan));
    add("complete", json!(record.complete));
    if record.running {
        add("running", json!(true));
    }
    if !record.problems.is_empty() {
        add("problems", json!(record.problems));
    }
    if defaults.folder != ROOT {
        add("folder", json!(defaults.folder));
    }
    if !defaults.file.is_empty() {
        add("file", json!(defaults.file));
    }
    if let Some(points) = defaults.points {
        add("points", json!(points));
    }
    if !record.streams.is_empty() {
        add("streams", streams(&record.streams, &defaults));
    }
    Json::Object(members)
}

/// What is not said again for a place that has it.
struct Defaults<'a> {
    /// Folder of the datasets, with a slash at its end.
    folder: &'a str,
    file: &'a str,
    /// Each of the three numbers of points; `None` if there are no places.
    points: Option<u64>,
}

impl Defaults<'_> {
    fn of(places: &[RecordedStream]) -> Defaults<'_> {
        let numbers = places.iter().flat_map(|place| {
            let always = [place.received, place.written];
            place.expected.into_iter().chain(always).map(number)
        });
        Defaults {
            folder: paths::common_folder(places.iter().map(|place| place.path.as_str())),
            file: most_frequent(places.iter().map(|place| place.file.as_str())).unwrap_or_default(),
            points: most_frequent(numbers),
        }
    }
}

/// Returns the item that comes most often, and of several such items the largest.
fn most_frequent<T: Ord>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut counts = BTreeMap::new();
    items.for_each(|item| *counts.entry(item).or_insert(0_usize) += 1);
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(item, _)| item)
}

fn streams(places: &[RecordedStream], defaults: &Defaults) -> Json {
    let mut streams: BTreeMap<&str, Vec<&RecordedStream>> = BTreeMap::new();
    for place in places {
        streams.entry(&place.stream).or_default().push(place);
    }
    let streams = streams.into_iter().map(|(name, mut places)| {
        places.sort_by_key(|place| (&place.file, &place.path));
        let mut forms: Vec<Json> = places.iter().map(|place| form(place, defaults)).collect();
        let form = match forms.len() {
            1 => forms.remove(0),
            _ => Json::Array(forms),
        };
        (name.to_owned(), form)
    });
    Json::Object(streams.collect())
}

/// Returns the path of a place, or an object if it differs from the defaults.
fn form(place: &RecordedStream, defaults: &Defaults) -> Json {
    let path = path(&place.path, defaults.folder);
    let mut members = Map::new();
    if place.file != defaults.file {
        members.insert("file".to_owned(), json!(place.file));
    }
    members.extend(points(place, defaults.points));
    if !place.holes.is_empty() {
        let holes = place.holes.iter();
        let holes: Vec<_> = holes
            .map(|(first, end)| [number(*first), number(*end)])
            .collect();
        members.insert("holes".to_owned(), json!(holes));
    }
    if members.is_empty() {
        return path;
    }
    let path = std::iter::once(("path".to_owned(), path));
    Json::Object(path.chain(members).collect())
}

/// Returns the path relative to the folder. A path that cannot be relative is absolute.
fn path(path: &str, folder: &str) -> Json {
    match paths::relative(path, folder) {
        Some(relative) => json!(relative),
        None if path.starts_with('/') => json!(path),
        None => json!(format!("/{path}")),
    }
}

/// Returns the members for the numbers of points that are not the default.
fn points(place: &RecordedStream, default: Option<u64>) -> Vec<(String, Json)> {
    let (received, written) = (number(place.received), number(place.written));
    let numbers = [
        ("expected", place.expected.map(number)),
        ("received", Some(received)),
        ("written", Some(written)),
    ];
    let others = numbers.iter().filter(|(_, number)| *number != default);
    let others: Vec<_> = others
        .map(|(name, number)| ((*name).to_owned(), json!(number)))
        .collect();
    let equal = numbers.iter().all(|(_, number)| *number == Some(received));
    match equal && !others.is_empty() {
        true => vec![("points".to_owned(), json!(received))],
        false => others,
    }
}

fn number(number: u64) -> u64 {
    number.min(MAX_NUMBER)
}
