//! Snapshots of all motors of a session, at the start and at the end of a scan.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::canvas::{Canvas, Want};
use super::dump;
use super::subscan::Subscan;

/// Group in `instrument`, key of its source in `info["positioners"]`, whether newer values replace
/// older ones.
const SNAPSHOTS: [(&str, &str, bool); 5] = [
    ("positioners_start", "positioners_start", false),
    ("positioners", "positioners_start", false),
    ("positioners_dial_start", "positioners_dial_start", false),
    ("positioners_end", "positioners_end", true),
    ("positioners_dial_end", "positioners_dial_end", true),
];

/// Keeps metadata of users from the places of the snapshots.
pub fn reserve(canvas: &mut Canvas, subscan: &Subscan) {
    for (group, ..) in SNAPSHOTS {
        canvas.own_group(
            &format!("{}/instrument/{group}", subscan.entry),
            "NXcollection",
        );
    }
}

/// Draws the snapshots that are known from the start.
pub fn start(canvas: &mut Canvas, subscan: &Subscan, info: &Json) {
    draw(canvas, subscan, info);
}

/// Draws all snapshots; those of the end replace older values.
pub fn end(canvas: &mut Canvas, subscan: &Subscan, info: &Json) {
    draw(canvas, subscan, info);
}

fn draw(canvas: &mut Canvas, subscan: &Subscan, info: &Json) {
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
        canvas.class_group(&path, "NXcollection");
        for (motor, position) in motors {
            let unit = units.get(motor).and_then(Json::as_str).unwrap_or_default();
            snapshot(canvas, &path, motor, position, unit, replacing);
        }
    }
}

/// Draws one position. Scanned motors have a link to their data in its place when this is drawn
/// again: the data may lack a unit that the snapshot has.
fn snapshot(
    canvas: &mut Canvas,
    group: &str,
    motor: &str,
    position: &Json,
    unit: &str,
    replacing: bool,
) {
    if position.is_null() {
        return;
    }
    let path = canvas.room(group, motor, Want::Position, &HashSet::new());
    let exists = canvas.has(&path);
    if !exists || replacing && canvas.is_dataset(&path) {
        canvas.remove(&path);
        dump::value(canvas, &path, position);
    }
    let dataset = match canvas.link_target(&path) {
        Some(target) => target.trim_start_matches('/').to_owned(),
        None => path,
    };
    let has_units = canvas.has_attribute(&dataset, "units");
    if !unit.is_empty() && canvas.is_dataset(&dataset) && (!has_units || replacing) {
        dump::attribute::draw(canvas, &dataset, "units", &Json::from(unit));
    }
}
