//! Running and past scans as JSON.

use std::time::{Duration, Instant};

use observation::{
    ChannelKind, LiveScan, PastScan, STREAMS_WITH_DATA, ScanEntry, ScanNow, ScanOutline, ScanRef,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::rates::Rates;
use super::{file_id, local_time};

/// The most warnings of a running scan that are shown.
const MAX_WARNINGS: usize = 20;

/// A scan that is being saved.
#[derive(Debug, Serialize)]
pub struct RunningText {
    pub key: String,
    pub session: Option<String>,
    pub name: String,
    pub number: Option<u64>,
    pub seq: u64,
    pub title: String,
    pub state: &'static str,
    pub text: String,
    started: String,
    pub points: u64,
    /// Points of the dataset that has the fewest.
    points_least: u64,
    pub expected: Option<u64>,
    points_per_second: f64,
    bytes: u64,
    lag_points: u64,
    lag_seconds: f64,
    margin_seconds: Option<f64>,
    remaining_seconds: Option<f64>,
    pub lost: u64,
    #[serde(skip)]
    pub loss_reason: Option<String>,
    files: Vec<FileText>,
    warnings: Vec<String>,
}

/// A scan whose saving has ended.
#[derive(Debug, Serialize)]
pub struct PastText {
    key: String,
    session: Option<String>,
    name: String,
    number: Option<u64>,
    seq: u64,
    title: String,
    outcome: &'static str,
    reason: String,
    started: String,
    ended: String,
    duration_seconds: f64,
    points: u64,
    bytes: Option<u64>,
    lost: u64,
    files: Vec<FileText>,
    warnings: Vec<String>,
}

/// An entry of a file.
#[derive(Debug, Serialize)]
struct FileText {
    id: String,
    path: String,
    entry: String,
}

/// Describes a scan that is being saved.
pub fn running_text(scan: &LiveScan, now: &ScanNow, rates: &mut Rates) -> RunningText {
    let ScanRef {
        key,
        session,
        name,
        number,
    } = scan.name().clone();
    let outline = scan.outline();
    let expected = outline.and_then(|outline| outline.expected);
    let age = scan.started().elapsed().unwrap_or_default();
    let moment = Instant::now();
    let began = moment.checked_sub(age).unwrap_or(moment);
    let rate = rates.note(scan.number(), began, moment, now.points);
    let remaining = expected.map(|expected| expected.saturating_sub(now.points));
    let remaining = remaining.map(|points| points as f64 / rate);
    RunningText {
        key,
        session,
        name,
        number,
        seq: scan.number(),
        title: outline.map_or(String::new(), |outline| outline.title.clone()),
        state: match (&now.waiting, outline) {
            (Some(_), _) => "waiting",
            (None, Some(_)) => "saving",
            (None, None) => "starting",
        },
        text: now.waiting.clone().unwrap_or_default(),
        started: local_time(scan.started()),
        points: now.points,
        points_least: now.least_points,
        expected,
        points_per_second: rounded(rate),
        bytes: now.bytes,
        lag_points: now.lag_points,
        lag_seconds: seconds(now.lag),
        margin_seconds: now.margin.map(seconds),
        remaining_seconds: remaining.filter(|time| time.is_finite()).map(rounded),
        lost: scan.lost_points(),
        loss_reason: scan.loss_reason().map(str::to_owned),
        files: files(&now.entries),
        warnings: scan.view().warnings(MAX_WARNINGS),
    }
}

/// Describes a scan whose saving has ended.
pub fn past_text(scan: &PastScan) -> PastText {
    let ScanRef {
        key,
        session,
        name,
        number,
    } = scan.name.clone();
    PastText {
        key,
        session,
        name,
        number,
        seq: scan.number,
        title: scan.title.clone(),
        outcome: scan.outcome.label(),
        reason: scan.reason.clone(),
        started: local_time(scan.started),
        ended: local_time(scan.ended),
        duration_seconds: seconds(scan.duration),
        points: scan.points,
        bytes: scan.bytes,
        lost: scan.lost,
        files: files(&scan.entries),
        warnings: scan.warnings.clone(),
    }
}

/// Describes axes, plots, the grid and the channels of a scan. In the files of a complete one there is everything.
pub fn details(scan: &LiveScan, is_complete: bool) -> Value {
    let none = ScanOutline::default();
    let outline = scan.outline().unwrap_or(&none);
    let plots = outline
        .plots
        .iter()
        .map(|plot| json!({"name": plot.name, "x": plot.x, "y": plot.y}));
    let grid = outline
        .grid
        .as_ref()
        .map(|grid| json!({"shape": grid.shape, "axes": grid.axes, "snake": grid.is_snake}));
    json!({
        "axes": outline.axes,
        "plots": plots.collect::<Vec<_>>(),
        "grid": grid,
        "channels": channels(scan, is_complete),
    })
}

fn channels(scan: &LiveScan, is_complete: bool) -> Vec<Value> {
    let streams = scan.view().now().streams;
    let channels = scan.channels();
    let channels = channels.iter().enumerate().map(|(index, channel)| {
        let outline = channel.outline();
        let now = streams.iter().find(|stream| stream.name == outline.name);
        let received = channel.received();
        let kind = match outline.kind {
            ChannelKind::Number => "number",
            ChannelKind::Spectrum => "spectrum",
            ChannelKind::Image => "image",
            ChannelKind::Other => "other",
        };
        let is_shown = outline.kind != ChannelKind::Other && !outline.is_in_files;
        json!({
            "name": outline.name,
            "label": outline.label,
            "unit": outline.unit,
            "shape": outline.shape,
            "dtype": outline.number.map(|number| number.to_string()),
            "kind": kind,
            "shown": is_shown && index < STREAMS_WITH_DATA,
            "published": now.map(|now| now.published.max(received)),
            "received": received,
            "written": match is_complete {
                true => Some(received),
                false => now.map(|now| now.written),
            },
            "lost": channel.lost(),
        })
    });
    channels.collect()
}

fn files(entries: &[ScanEntry]) -> Vec<FileText> {
    let file = |entry: &ScanEntry| FileText {
        id: file_id(&entry.file),
        path: entry.file.display().to_string(),
        entry: entry.entry.clone(),
    };
    entries.iter().map(file).collect()
}

/// Milliseconds are enough for people.
fn seconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64())
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
