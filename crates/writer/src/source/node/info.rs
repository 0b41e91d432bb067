//! The info of a scan in the form in which layouts expect it.

use bliss_node::node::NodeInfo;
use chrono::{DateTime, Local, TimeDelta};
use serde_json::{Map, Value as Json};

use super::dataset::DatasetMetadata;

/// The member of the info in which BLISS 2 publishes the metadata of a dataset of the data policy.
const SNAPSHOT: &str = "dataset_metadata_snapshot";

/// Returns the info of a scan, always an object, with the metadata of its dataset.
pub fn scan_info(info: &NodeInfo, dataset: &DatasetMetadata) -> Json {
    let mut members = match info.to_json() {
        Json::Object(members) => members,
        _ => Map::new(),
    };
    // BLISS 1 publishes local times without their offset, and the same times as numbers.
    for (name, number) in [
        ("start_time", "start_timestamp"),
        ("end_time", "end_timestamp"),
    ] {
        let number = members.get(number).and_then(Json::as_f64);
        if let Some(time) = number.and_then(local_time) {
            members.insert(name.to_owned(), time.into());
        }
    }
    let metadata = dataset.values();
    if !metadata.is_empty() {
        members.insert(SNAPSHOT.to_owned(), metadata.clone().into());
    }
    Json::Object(members)
}

/// Returns a time in seconds since 1970 as `datetime.isoformat` of Python writes it, with microseconds.
fn local_time(seconds: f64) -> Option<String> {
    // No time has a year of five digits.
    if !(0.0..253_402_300_800.0).contains(&seconds) {
        return None;
    }
    // As Python does, which rounds the fraction alone.
    let microseconds = (seconds.fract() * 1e6).round_ties_even();
    let time = DateTime::from_timestamp(seconds as i64, 0)?;
    let time = time + TimeDelta::microseconds(microseconds as i64);
    let time = time.with_timezone(&Local);
    Some(time.format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string())
}
