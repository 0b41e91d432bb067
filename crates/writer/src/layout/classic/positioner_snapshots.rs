//! Snapshots of all motors of a session, at the start and at the end of a scan.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::dict_to_nexus;
use super::subscan::Subscan;
use super::tree_builder::{MetadataPurpose, TreeBuilder};
use crate::layout::info::is_truthy;

/// For each snapshot: the group in `instrument`, the key in `info["positioners"]`, and whether
/// newer values replace older ones.
const SNAPSHOTS: [(&str, &str, bool); 5] = [
    ("positioners_start", "positioners_start", false),
    ("positioners", "positioners_start", false),
    ("positioners_dial_start", "positioners_dial_start", false),
    ("positioners_end", "positioners_end", true),
    ("positioners_dial_end", "positioners_dial_end", true),
];

/// Reserves the paths of the snapshots.
pub fn reserve(builder: &mut TreeBuilder, subscan: &Subscan) {
    for (group, ..) in SNAPSHOTS {
        builder.reserve_group(
            &format!("{}/instrument/{group}", subscan.entry),
            "NXcollection",
        );
    }
}

/// Adds the snapshots that are known from the start.
pub fn start(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    build(builder, subscan, info);
}

/// Adds all snapshots. Those of the end replace older values.
pub fn end(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    build(builder, subscan, info);
}

fn build(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    let Some(positioners) = info.get("positioners").and_then(Json::as_object) else {
        return;
    };
    let none = Map::new();
    let mapping = |key: &str| positioners.get(key).and_then(Json::as_object);
    let units = mapping("positioners_units").unwrap_or(&none);
    for (group, source, replacing) in SNAPSHOTS {
        let motors = mapping(source).unwrap_or(&none);
        if motors.is_empty() {
            continue;
        }
        let path = format!("{}/instrument/{group}", subscan.entry);
        builder.class_group(&path, "NXcollection");
        for (motor, position) in motors {
            let unit = units.get(motor).filter(|unit| is_truthy(Some(unit)));
            snapshot(builder, &path, motor, position, unit, replacing);
        }
    }
}

/// Adds one position. When this happens for the second time, scanned motors have a link to their
/// data instead; the data may lack a unit that the snapshot has.
fn snapshot(
    builder: &mut TreeBuilder,
    group: &str,
    motor: &str,
    position: &Json,
    unit: Option<&Json>,
    replacing: bool,
) {
    if position.is_null() {
        return;
    }
    let path = builder.metadata_path(group, motor, MetadataPurpose::Position, &HashSet::new());
    let exists = builder.has(&path);
    if !exists || replacing && builder.is_dataset(&path) {
        builder.remove(&path);
        dict_to_nexus::add_value(builder, &path, position);
    }
    let dataset = match builder.link_target(&path) {
        Some(target) => target.trim_start_matches('/').to_owned(),
        None => path,
    };
    let has_units = builder.has_attribute(&dataset, "units");
    if let Some(unit) = unit
        && builder.is_dataset(&dataset)
        && (!has_units || replacing)
    {
        dict_to_nexus::attribute::add(builder, &dataset, "units", unit);
    }
}
