//! The attributes that list the scans of a device.

use chrono::Local;
use writer::records::{RecordState, ScanRecord};

use super::engine::Engine;
use super::rows::{self, ScanFigures, SubscanFigures, Times};
use crate::value::{DevState, TangoValue};

/// Attributes that list something about scans.
const NAMES: [&str; 10] = [
    "scan_states",
    "scan_urls",
    "scan_names",
    "scan_start",
    "scan_end",
    "scan_info",
    "scan_duration",
    "scan_progress",
    "scan_states_info",
    "scan_uris",
];

/// The value of such an attribute; none if it is not one.
pub fn read(engine: &Engine, attribute: &str) -> Option<TangoValue> {
    NAMES
        .contains(&attribute)
        .then(|| list(&figures(engine), attribute))
        .flatten()
}

/// All of them, from one look at the scans.
pub fn all(engine: &Engine) -> Vec<(&'static str, TangoValue)> {
    let scans = figures(engine);
    let values = NAMES.iter().map(|name| Some((*name, list(&scans, name)?)));
    values.flatten().collect()
}

fn list(scans: &[ScanFigures], attribute: &str) -> Option<TangoValue> {
    let texts = match attribute {
        "scan_states" => return Some(TangoValue::States(rows::states(scans))),
        "scan_urls" | "scan_uris" => rows::urls(scans),
        "scan_names" => rows::names(scans),
        "scan_start" => rows::start(scans),
        "scan_end" => rows::end(scans),
        "scan_info" => rows::info(scans, Local::now()),
        "scan_duration" => rows::duration(scans),
        "scan_progress" => rows::progress(scans),
        "scan_states_info" => rows::states_info(scans),
        _ => return None,
    };
    Some(TangoValue::Texts(texts))
}

fn figures(engine: &Engine) -> Vec<ScanFigures> {
    // The points of a list are not told in percent, as in `blisswriter` 2.0.0.
    let has_grids = engine
        .properties()
        .is_some_and(|properties| !properties.save.flat);
    let records = engine.records().list();
    let figures = records.iter().map(|scan| figures_of(scan, has_grids));
    figures.collect()
}

fn figures_of(scan: &ScanRecord, has_grids: bool) -> ScanFigures {
    let subscans = scan.progress().into_iter().map(|subscan| SubscanFigures {
        name: subscan.name,
        least: subscan.points.least,
        most: subscan.points.most,
        expected: subscan.expected.filter(|_| has_grids),
    });
    ScanFigures {
        name: scan.name().to_owned(),
        state: state(scan.state()),
        reason: scan.reason(),
        urls: scan.urls(),
        subscans: subscans.collect(),
        bytes: scan.bytes(),
        duration: scan.duration(),
        writing: Times {
            created: scan.created(),
            began: scan.began(),
            ended: scan.ended(),
        },
        acquiring: (
            scan.scan_start().map(|time| time.with_timezone(&Local)),
            scan.scan_end().map(|time| time.with_timezone(&Local)),
        ),
    }
}

/// A state of a scan in words of Tango.
pub fn state(state: RecordState) -> DevState {
    match state {
        RecordState::Init => DevState::Init,
        RecordState::On => DevState::On,
        RecordState::Off => DevState::Off,
        RecordState::Fault => DevState::Fault,
    }
}
