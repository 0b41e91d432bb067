//! The rows in which the attributes of a device list its scans: one for each scan or subscan.

use std::time::Duration;

use chrono::{DateTime, Local, TimeDelta};
use writer::report::figures;

use super::text_columns;
use crate::python;
use crate::value::DevState;

/// What the rows of a scan show.
#[derive(Debug, Clone)]
pub struct ListedScan {
    /// Name of the scan: `1_ascan`.
    pub name: String,
    /// State of its saving.
    pub state: DevState,
    /// Reason of that state.
    pub reason: String,
    /// URLs of its subscans.
    pub urls: Vec<String>,
    /// The subscans that have data.
    pub subscans: Vec<ListedSubscan>,
    /// Bytes saved.
    pub bytes: u64,
    /// Time that the saving has taken so far.
    pub duration: Duration,
    /// When the writer of the scan was created, began to save it, and ended.
    pub writing: WriterTimes,
    /// When the scan itself began and ended.
    pub acquiring: (Option<DateTime<Local>>, Option<DateTime<Local>>),
}

/// Times of the writer of a scan.
#[derive(Debug, Clone)]
pub struct WriterTimes {
    /// When it was created.
    pub created: DateTime<Local>,
    /// When it started.
    pub began: Option<DateTime<Local>>,
    /// When it ended.
    pub ended: Option<DateTime<Local>>,
}

/// Points in the datasets of one subscan.
#[derive(Debug, Clone)]
pub struct ListedSubscan {
    /// Name of the master at the top of the subscan.
    pub name: String,
    /// Points of the shortest dataset.
    pub least: u64,
    /// Points of the longest dataset.
    pub most: u64,
    /// Points that each dataset will have, if that is known.
    pub expected: Option<u64>,
}

/// `scan_names`
pub fn names(scans: &[ListedScan]) -> Vec<String> {
    scans.iter().map(|scan| scan.name.clone()).collect()
}

/// `scan_states`
pub fn states(scans: &[ListedScan]) -> Vec<DevState> {
    scans.iter().map(|scan| scan.state).collect()
}

/// `scan_urls`
pub fn urls(scans: &[ListedScan]) -> Vec<String> {
    each(scans, |scan| python::list(&scan.urls))
}

/// `scan_start`
pub fn start(scans: &[ListedScan]) -> Vec<String> {
    each(scans, |scan| time(scan.writing.began, "not finished"))
}

/// `scan_end`
pub fn end(scans: &[ListedScan]) -> Vec<String> {
    each(scans, |scan| time(scan.writing.ended, "not finished"))
}

/// `scan_duration`
pub fn duration(scans: &[ListedScan]) -> Vec<String> {
    each(scans, |scan| figures::duration(scan.duration))
}

/// `scan_states_info`
pub fn states_info(scans: &[ListedScan]) -> Vec<String> {
    each(scans, |scan| format!("{},{}", scan.state, scan.reason))
}

/// `scan_progress`
pub fn progress(scans: &[ListedScan]) -> Vec<String> {
    each_subscan(scans, |_, progress| progress)
}

/// `scan_info`, at this moment.
pub fn info(scans: &[ListedScan], now: DateTime<Local>) -> Vec<String> {
    each_subscan(scans, |scan, progress| {
        let WriterTimes {
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

fn each(scans: &[ListedScan], text: impl Fn(&ListedScan) -> String) -> Vec<String> {
    let row = |scan: &ListedScan| format!("{}:,{}", scan.name, text(scan));
    text_columns::align(&scans.iter().map(row).collect::<Vec<_>>())
}

fn each_subscan(scans: &[ListedScan], text: impl Fn(&ListedScan, String) -> String) -> Vec<String> {
    let mut rows = Vec::new();
    for scan in scans {
        let name = &scan.name;
        match scan.subscans.as_slice() {
            [] => rows.push(format!("{name}:,{}", text(scan, "0pts-0pts".to_owned()))),
            [subscan] => rows.push(format!("{name}:,{}", text(scan, subscan.progress()))),
            several => rows.extend(several.iter().map(|subscan| {
                let text = text(scan, subscan.progress());
                format!("{name}:{}:,{text}", subscan.name)
            })),
        }
    }
    text_columns::align(&rows)
}

impl ListedSubscan {
    /// `6pts-6pts`, `10%-12%`
    fn progress(&self) -> String {
        let shown = |points: u64| match self.expected {
            Some(expected) if expected > 0 => {
                format!("{:.0}%", 100.0 * points as f64 / expected as f64)
            }
            _ => format!("{points}pts"),
        };
        format!("{}-{}", shown(self.least), shown(self.most))
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
