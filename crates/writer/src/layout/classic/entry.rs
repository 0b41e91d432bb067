//! The entry of a subscan: title, times, parameters, and the status of the writer.

use nexus::tree::Value;
use serde_json::{Map, Value as Json};

use super::release::Release;
use super::subscan::Subscan;
use super::time::reformat;
use super::tree_builder::TreeBuilder;
use super::{dict_to_nexus, notes, positioner_snapshots, sample};
use crate::layout::RecordLocation;
use crate::layout::facts::{EndFacts, ScanFacts};
use crate::layout::info::is_truthy;

/// Datasets of the writer in an entry: metadata cannot have their paths.
const DATASETS: [&str; 9] = [
    "title",
    "start_time",
    "scan_parameters/count_time",
    "writer/status",
    "writer/date",
    "writer/type",
    "writer/data",
    "end_reason",
    "end_time",
];

/// Groups of the writer in an entry, and their classes: metadata may add members.
const GROUPS: [(&str, &str); 4] = [
    ("instrument", "NXinstrument"),
    ("measurement", "NXcollection"),
    ("scan_parameters", "NXparameters"),
    ("writer", "NXnote"),
];

/// Adds what is known from the start.
pub fn begin(
    builder: &mut TreeBuilder,
    subscan: &Subscan,
    release: Release,
    info: &Json,
    facts: &ScanFacts,
) {
    reserve(builder, subscan, info);
    let entry = &subscan.entry;
    builder.class_group(entry, "NXentry");
    if let Some(title) = info.get("title") {
        dict_to_nexus::add(builder, &format!("{entry}/title"), title);
    }
    if let Some(time) = info.get("start_time").filter(|time| is_truthy(Some(time))) {
        start_time(builder, &format!("{entry}/start_time"), time);
    }
    let count_time = info.get("count_time").filter(|time| is_truthy(Some(time)));
    if let Some(count_time) = count_time.filter(|_| release.has_count_time()) {
        let path = format!("{entry}/scan_parameters/count_time");
        dict_to_nexus::add(builder, &path, count_time);
        builder.attribute(&path, "units", "s".into());
    }
    let status = format!("{entry}/writer/status");
    builder.value(&status, facts.status.name().into());
    builder.value(&format!("{entry}/writer/date"), facts.began.as_str().into());
    if !facts.record.is_empty() {
        let record = Value::text(facts.record.as_str());
        builder.value(&format!("{entry}/writer/type"), "application/json".into());
        builder.value(&format!("{entry}/writer/data"), record);
    }
}

/// Returns where the record of completeness of an entry is.
pub fn record_location(entry: &str) -> RecordLocation {
    RecordLocation::Dataset {
        record: format!("{entry}/writer/data"),
        began: format!("{entry}/writer/date"),
    }
}

/// Adds what is known at the end.
pub fn end(builder: &mut TreeBuilder, subscan: &Subscan, release: Release, end: &EndFacts) {
    let entry = &subscan.entry;
    if release.has_end_reason() {
        end_reason(builder, entry, end);
    }
    builder.value(&format!("{entry}/end_time"), end.time.as_str().into());
}

fn end_reason(builder: &mut TreeBuilder, entry: &str, end: &EndFacts) {
    let reason = match end
        .info
        .get("end_reason")
        .filter(|reason| !reason.is_null())
    {
        Some(reason) => reason.clone(),
        None => Json::from("NOT STARTED"),
    };
    dict_to_nexus::add(builder, &format!("{entry}/end_reason"), &reason);
}

/// Reserves the paths of everything that the writer adds to an entry, before metadata of users are
/// added.
fn reserve(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    let entry = &subscan.entry;
    builder.reserve_group(entry, "NXentry");
    for name in DATASETS {
        builder.reserve(&format!("{entry}/{name}"));
    }
    for (name, class) in GROUPS {
        builder.reserve_group(&format!("{entry}/{name}"), class);
    }
    for group in &subscan.device_groups {
        builder.reserve_group(&group.path(entry), group.class);
    }
    positioner_snapshots::reserve(builder, subscan);
    notes::reserve(builder, subscan);
    sample::reserve(builder, subscan, info);
}

fn start_time(builder: &mut TreeBuilder, path: &str, time: &Json) {
    match time.as_str().and_then(reformat) {
        Some(time) => {
            builder.value(path, Value::text(time));
        }
        None => {
            builder.notice(path, "not an ISO 8601 time, stored as it is");
            // Readers expect a text.
            let text = time
                .as_str()
                .map_or_else(|| time.to_string(), str::to_owned);
            dict_to_nexus::add_value(builder, path, &Json::from(text));
        }
    }
}

/// Adds what BLISS says about the instrument.
pub fn instrument(builder: &mut TreeBuilder, entry: &str, info: &Json) {
    let members = info
        .get("nexuswriter")
        .and_then(|n| n.get("instrument_info"));
    let Some(members) = members.and_then(Json::as_object) else {
        return;
    };
    let members = members.iter().filter(|(_, json)| !json.is_null());
    let members: Map<String, Json> = members.map(|(k, v)| (k.clone(), v.clone())).collect();
    if !members.is_empty() {
        dict_to_nexus::add_mapping(builder, &format!("{entry}/instrument"), &members, false);
    }
}
