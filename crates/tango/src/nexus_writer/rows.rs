//! The spectra in which a device lists its scans: one row for each scan or subscan.

use std::time::Duration;

use chrono::{DateTime, Local, TimeDelta};
use writer::report::figures;

use super::table;
use crate::python;
use crate::value::DevState;

/// What the rows of a scan tell.
#[derive(Debug, Clone)]
pub struct ScanFigures {
    /// Name of the scan: `1_ascan`.
    pub name: String,
    /// What becomes of it.
    pub state: DevState,
    /// Why that is so.
    pub reason: String,
    /// Where its subscans are.
    pub urls: Vec<String>,
    /// The subscans that have data.
    pub subscans: Vec<SubscanFigures>,
    /// Bytes saved.
    pub bytes: u64,
    /// Time that the saving took so far.
    pub duration: Duration,
    /// When the writer heard of the scan, began to save it, and was done.
    pub writing: Times,
    /// When the scan itself began and ended.
    pub acquiring: (Option<DateTime<Local>>, Option<DateTime<Local>>),
}

/// When something happened to the writer of a scan.
#[derive(Debug, Clone)]
pub struct Times {
    /// The writer was made.
    pub created: DateTime<Local>,
    /// It started.
    pub began: Option<DateTime<Local>>,
    /// It ended.
    pub ended: Option<DateTime<Local>>,
}

/// Points in the datasets of one subscan.
#[derive(Debug, Clone)]
pub struct SubscanFigures {
    /// Name of the master at the top of the subscan.
    pub name: String,
    /// Points of the dataset that has the least.
    pub least: u64,
    /// Points of the dataset that has the most.
    pub most: u64,
    /// Points that a dataset will have, if that is known.
    pub expected: Option<u64>,
}

/// `scan_names`
pub fn names(scans: &[ScanFigures]) -> Vec<String> {
    scans.iter().map(|scan| scan.name.clone()).collect()
}

/// `scan_states`
pub fn states(scans: &[ScanFigures]) -> Vec<DevState> {
    scans.iter().map(|scan| scan.state).collect()
}

/// `scan_urls`
pub fn urls(scans: &[ScanFigures]) -> Vec<String> {
    each(scans, |scan| python::list(&scan.urls))
}

/// `scan_start`
pub fn start(scans: &[ScanFigures]) -> Vec<String> {
    each(scans, |scan| time(scan.writing.began, "not finished"))
}

/// `scan_end`
pub fn end(scans: &[ScanFigures]) -> Vec<String> {
    each(scans, |scan| time(scan.writing.ended, "not finished"))
}

/// `scan_duration`
pub fn duration(scans: &[ScanFigures]) -> Vec<String> {
    each(scans, |scan| figures::duration(scan.duration))
}

/// `scan_states_info`
pub fn states_info(scans: &[ScanFigures]) -> Vec<String> {
    each(scans, |scan| format!("{},{}", scan.state, scan.reason))
}

/// `scan_progress`
pub fn progress(scans: &[ScanFigures]) -> Vec<String> {
    each_subscan(scans, |_, progress| progress)
}

/// `scan_info`, at this moment.
pub fn info(scans: &[ScanFigures], now: DateTime<Local>) -> Vec<String> {
    each_subscan(scans, |scan, progress| {
        let Times {
            created,
            began,
            ended,
        } = scan.writing;
        let (scan_began, scan_ended) = scan.acquiring;
        let since = |earlier: Option<DateTime<Local>>, later: Option<DateTime<Local>>| {
            python::delay(difference(earlier, later))
        };
        format!(
            "{},{progress},{},duration: {},start: {} (delay: {} + {}),end: {} (delay: {})",
            scan.state,
            figures::bytes(scan.bytes),
            figures::duration(scan.duration),
            time(began, "not started"),
            since(scan_began, Some(created)),
            since(Some(created), began),
            time(ended, "not finished"),
            since(scan_ended, ended.or(Some(now))),
        )
    })
}

fn each(scans: &[ScanFigures], tell: impl Fn(&ScanFigures) -> String) -> Vec<String> {
    let row = |scan: &ScanFigures| format!("{}:,{}", scan.name, tell(scan));
    table::align(&scans.iter().map(row).collect::<Vec<_>>())
}

fn each_subscan(
    scans: &[ScanFigures],
    tell: impl Fn(&ScanFigures, String) -> String,
) -> Vec<String> {
    let mut rows = Vec::new();
    for scan in scans {
        let name = &scan.name;
        match scan.subscans.as_slice() {
            [] => rows.push(format!("{name}:,{}", tell(scan, "0pts-0pts".to_owned()))),
            [subscan] => rows.push(format!("{name}:,{}", tell(scan, subscan.progress()))),
            several => rows.extend(several.iter().map(|subscan| {
                let told = tell(scan, subscan.progress());
                format!("{name}:{}:,{told}", subscan.name)
            })),
        }
    }
    table::align(&rows)
}

impl SubscanFigures {
    /// `6pts-6pts`, `10%-12%`
    fn progress(&self) -> String {
        let told = |points: u64| match self.expected {
            Some(expected) if expected > 0 => {
                format!("{:.0}%", 100.0 * points as f64 / expected as f64)
            }
            _ => format!("{points}pts"),
        };
        format!("{}-{}", told(self.least), told(self.most))
    }
}

fn time(time: Option<DateTime<Local>>, otherwise: &str) -> String {
    match time {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        None => otherwise.to_owned(),
    }
}

fn difference(
    earlier: Option<DateTime<Local>>,
    later: Option<DateTime<Local>>,
) -> Option<TimeDelta> {
    Some(later?.signed_duration_since(earlier?))
}

#[cfg(test)]
mod tests;
