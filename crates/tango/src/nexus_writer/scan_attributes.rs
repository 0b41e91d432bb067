//! The attributes that list the scans of a device.

use chrono::Local;
use writer::records::{RecordState, ScanRecord};

use super::scan_rows::{self, ListedScan, ListedSubscan, WriterTimes};
use super::session_service::SessionService;
use crate::value::{DevState, TangoValue};

/// Attributes that list the scans.
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

/// Returns the value of an attribute, or `None` if it does not list scans.
pub fn read(service: &SessionService, attribute: &str) -> Option<TangoValue> {
    NAMES
        .contains(&attribute)
        .then(|| list(&listed_scans(service), attribute))
        .flatten()
}

/// Returns the values of all attributes at one moment.
pub fn all(service: &SessionService) -> Vec<(&'static str, TangoValue)> {
    let scans = listed_scans(service);
    let values = NAMES.iter().map(|name| Some((*name, list(&scans, name)?)));
    values.flatten().collect()
}

fn list(scans: &[ListedScan], attribute: &str) -> Option<TangoValue> {
    let texts = match attribute {
        "scan_states" => return Some(TangoValue::States(scan_rows::states(scans))),
        "scan_urls" | "scan_uris" => scan_rows::urls(scans),
        "scan_names" => scan_rows::names(scans),
        "scan_start" => scan_rows::start(scans),
        "scan_end" => scan_rows::end(scans),
        "scan_info" => scan_rows::info(scans, Local::now()),
        "scan_duration" => scan_rows::duration(scans),
        "scan_progress" => scan_rows::progress(scans),
        "scan_states_info" => scan_rows::states_info(scans),
        _ => return None,
    };
    Some(TangoValue::Texts(texts))
}

fn listed_scans(service: &SessionService) -> Vec<ListedScan> {
    // As in `blisswriter` 2.0.0, only the points of grids are shown in percent.
    let has_grids = service
        .properties()
        .is_some_and(|properties| !properties.save.flat);
    let records = service.records().list();
    let scans = records.iter().map(|scan| listed_scan(scan, has_grids));
    scans.collect()
}

fn listed_scan(scan: &ScanRecord, has_grids: bool) -> ListedScan {
    let subscans = scan.progress().into_iter().map(|subscan| ListedSubscan {
        name: subscan.name,
        least: subscan.points.least,
        most: subscan.points.most,
        expected: subscan.expected.filter(|_| has_grids),
    });
    ListedScan {
        name: scan.name().to_owned(),
        state: state(scan.state()),
        reason: scan.reason(),
        urls: scan.urls(),
        subscans: subscans.collect(),
        bytes: scan.bytes(),
        duration: scan.duration(),
        writing: WriterTimes {
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

/// Returns the state of a scan as a state of Tango.
pub fn state(state: RecordState) -> DevState {
    match state {
        RecordState::Init => DevState::Init,
        RecordState::On => DevState::On,
        RecordState::Off => DevState::Off,
        RecordState::Fault => DevState::Fault,
    }
}
