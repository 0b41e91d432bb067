//! Answers with data of scans: curves, spectra, images and maps.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use observation::{ChannelKind, LARGEST_SIDE, LiveChannel, LiveScan, Sample};
use serde_json::{Value, json};

use super::bins::Bins;
use super::map::MapShape;
use super::shared_answers::DataAnswer;
use crate::guard::Refusal;
use crate::parameters::Parameters;
use crate::state::WebState;

/// The most curves of one answer.
const MAX_CURVES: usize = 16;

const SHAPE: HeaderName = HeaderName::from_static("x-shape");
const INDEX: HeaderName = HeaderName::from_static("x-index");
const RANGE: HeaderName = HeaderName::from_static("x-range");

type Answer = Result<Response, Refusal>;

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/api/v1/scans/{key}/curve", get(curve))
        .route("/api/v1/scans/{key}/spectrum", get(spectrum))
        .route("/api/v1/scans/{key}/image", get(image))
        .route("/api/v1/scans/{key}/map", get(map))
}

/// A channel that was asked for, and its index.
struct Asked {
    index: usize,
    channel: Arc<LiveChannel>,
}

async fn curve(State(state): State<Arc<WebState>>, Path(key): Path<String>, uri: Uri) -> Answer {
    shared(&state, &uri, || curve_answer(&state, &key, &uri).map(Some))
}

async fn spectrum(State(state): State<Arc<WebState>>, Path(key): Path<String>, uri: Uri) -> Answer {
    shared(&state, &uri, || {
        let found = ask_for_sample(&state, &key, &uri, ChannelKind::Spectrum)?;
        Ok(found.map(|(sample, values)| sample_answer(&sample, &values)))
    })
}

async fn image(State(state): State<Arc<WebState>>, Path(key): Path<String>, uri: Uri) -> Answer {
    shared(&state, &uri, || image_answer(&state, &key, &uri))
}

async fn map(State(state): State<Arc<WebState>>, Path(key): Path<String>, uri: Uri) -> Answer {
    shared(&state, &uri, || map_answer(&state, &key, &uri).map(Some))
}

/// Answers with data that were made for somebody else just now, or that are made. There may be none yet.
fn shared(
    state: &WebState,
    uri: &Uri,
    make: impl FnOnce() -> Result<Option<DataAnswer>, Refusal>,
) -> Answer {
    let answer = state.live.answers.answer(uri, make)?;
    let none_yet = || StatusCode::NO_CONTENT.into_response();
    Ok(answer.map_or_else(none_yet, DataAnswer::into_response))
}

fn curve_answer(state: &WebState, key: &str, uri: &Uri) -> Result<DataAnswer, Refusal> {
    let parameters = Parameters::of(uri);
    let scan = find_scan(state, key)?;
    let names: Vec<&str> = parameters
        .all("y")
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() || names.len() > MAX_CURVES {
        let text = format!("1 to {MAX_CURVES} parameters \"y\" are needed");
        return Err(Refusal::bad_request(text));
    }
    let x = parameters.get("x");
    let x = x.map(|name| find_number(&scan, name)).transpose()?;
    let y: Result<Vec<Asked>, _> = names.iter().map(|name| find_number(&scan, name)).collect();
    let y = y?;
    let table = &state.observation.scans;
    let answer = state.live.ask(table, &scan, |data| {
        // All curves of an answer have the same ranges, so that one can be drawn over another.
        let all = x.iter().chain(&y);
        let strides = all.map(|asked| data.bins(asked.index, &asked.channel).stride());
        let stride = strides.max().unwrap_or(1);
        let mut bins = |asked: &Asked| {
            let bins = data.bins(asked.index, &asked.channel);
            bins.with_stride(stride)
        };
        let x_bins = x.as_ref().map(&mut bins);
        let curves = y
            .iter()
            .map(|asked| curve_of(asked, &bins(asked), x_bins.as_ref()));
        let curves: Vec<Value> = curves.collect();
        let x = x.as_ref().zip(x_bins).map(|(x, bins)| {
            let name = &x.channel.outline().name;
            json!({"name": name, "at": bins.at()})
        });
        json!({"x": x, "curves": curves})
    });
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = answer.to_string().into();
    Ok(DataAnswer { headers, body })
}

/// Returns a curve, and the values of the axis for the same ranges of points.
fn curve_of(asked: &Asked, y: &Bins, x: Option<&Bins>) -> Value {
    let lost = asked.channel.lost().into_iter();
    let lost: u64 = lost
        .map(|(first, end)| end.min(y.end()).saturating_sub(first))
        .sum();
    let of_ranges = |values: &[f64]| -> Vec<f64> {
        let values = values.iter().copied().chain(std::iter::repeat(f64::NAN));
        values.take(y.low().len()).collect()
    };
    json!({
        "name": asked.channel.outline().name,
        "at": y.at(),
        "low": y.low(),
        "high": y.high(),
        "x_low": x.map_or(Vec::new(), |x| of_ranges(x.low())),
        "x_high": x.map_or(Vec::new(), |x| of_ranges(x.high())),
        "seen": y.seen(),
        "lost": lost,
        "gaps": y.missing().saturating_sub(lost),
        "stride": y.stride(),
    })
}

fn image_answer(state: &WebState, key: &str, uri: &Uri) -> Result<Option<DataAnswer>, Refusal> {
    let size = Parameters::of(uri).parsed::<usize>("size")?;
    let size = size.unwrap_or(LARGEST_SIDE);
    if !(1..=LARGEST_SIDE).contains(&size) {
        let text = format!("the size must be from 1 to {LARGEST_SIDE}");
        return Err(Refusal::bad_request(text));
    }
    let found = ask_for_sample(state, key, uri, ChannelKind::Image)?;
    Ok(found.map(|(sample, values)| {
        let (sample, values) = thinned_out(sample, &values, size);
        sample_answer(&sample, &values)
    }))
}

fn map_answer(state: &WebState, key: &str, uri: &Uri) -> Result<DataAnswer, Refusal> {
    let parameters = Parameters::of(uri);
    let scan = find_scan(state, key)?;
    let asked = find_number(&scan, parameters.required("channel")?)?;
    let grid = scan.outline().and_then(|outline| outline.grid.as_ref());
    let Some(shape) = grid.and_then(MapShape::of) else {
        let text = "the scan has no grid, or one that is too large for a map";
        return Err(Refusal::not_found(text));
    };
    let table = &state.observation.scans;
    let (cells, end) = state.live.ask(table, &scan, |data| {
        let cells = data
            .map(asked.index, &asked.channel, &shape)
            .cells()
            .to_vec();
        (cells, data.bins(asked.index, &asked.channel).end())
    });
    let last = end.saturating_sub(1);
    Ok(numbers(&[shape.rows, shape.columns], last, &cells))
}

/// Returns the last spectrum or image of the channel that is asked for, and its values; `None` if there is none yet.
fn ask_for_sample(
    state: &WebState,
    key: &str,
    uri: &Uri,
    kind: ChannelKind,
) -> Result<Option<(Sample, Vec<f32>)>, Refusal> {
    let parameters = Parameters::of(uri);
    let scan = find_scan(state, key)?;
    let asked = find_channel(&scan, parameters.required("channel")?)?;
    let outline = asked.channel.outline();
    let what = if kind == ChannelKind::Image {
        "images"
    } else {
        "spectra"
    };
    if outline.kind != kind {
        let text = format!("the channel has no {what}");
        return Err(Refusal::bad_request(text));
    }
    // The scan is watched from now on.
    let table = &state.observation.scans;
    state.live.ask(table, &scan, |_| {});
    if outline.is_in_files {
        let text = "the detector saves the points in its own files";
        return Err(Refusal::not_found(text));
    }
    let found = asked.channel.sample().zip(outline.number);
    Ok(found.map(|(sample, number)| {
        let values = number.decode(&sample.data).into_iter();
        let values = values.map(|value| value as f32).collect();
        (sample, values)
    }))
}

/// Takes every n-th element of each side, so that no side has more than `size`.
fn thinned_out(mut sample: Sample, values: &[f32], size: usize) -> (Sample, Vec<f32>) {
    let longest = sample.shape.iter().copied().max().unwrap_or(0);
    let step = longest.div_ceil(size).max(1);
    let columns = sample.shape.last().copied().unwrap_or(0).max(1);
    let rows = values.chunks(columns).step_by(step);
    let values = rows.flat_map(|row| row.iter().step_by(step).copied());
    let values = values.collect();
    for side in &mut sample.shape {
        *side = side.div_ceil(step);
    }
    (sample, values)
}

fn sample_answer(sample: &Sample, values: &[f32]) -> DataAnswer {
    numbers(&sample.shape, sample.point, values)
}

/// Returns an answer of numbers: their shape, the index of the point, and the lowest and the highest number.
fn numbers(shape: &[usize], point: u64, values: &[f32]) -> DataAnswer {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let range = finite.fold(None, |range: Option<(f32, f32)>, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    let range = range.map_or(String::new(), |(low, high)| format!("{low},{high}"));
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    let mut headers = HeaderMap::new();
    let binary = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, binary);
    for (name, value) in [
        (SHAPE, shape.join(",")),
        (INDEX, point.to_string()),
        (RANGE, range),
    ] {
        // Digits and commas are always valid.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    let body = bytes.collect::<Vec<u8>>().into();
    DataAnswer { headers, body }
}

/// Finds a scan of which there are data.
fn find_scan(state: &WebState, key: &str) -> Result<Arc<LiveScan>, Refusal> {
    if state.live.is_off() {
        return Err(Refusal::not_found(
            "no data of scans are kept (live.memory-mb = 0)",
        ));
    }
    let Some(found) = state.observation.scans.find(key) else {
        return Err(Refusal::not_found("there is no scan of this key"));
    };
    let watched = || state.live.find(found.past.as_ref()?.number);
    let live = found.live.clone().or_else(watched);
    let gone = || Refusal::not_found("the data of the scan are no longer kept");
    live.ok_or_else(gone)
}

/// Finds a channel by its name.
fn find_channel(scan: &LiveScan, name: &str) -> Result<Asked, Refusal> {
    let mut channels = scan.channels().into_iter().enumerate();
    let found = channels.find(|(_, channel)| channel.outline().name == name);
    let found = found.map(|(index, channel)| Asked { index, channel });
    found.ok_or_else(|| Refusal::not_found("the scan has no channel of this name"))
}

/// Finds a channel of numbers by its name.
fn find_number(scan: &LiveScan, name: &str) -> Result<Asked, Refusal> {
    let asked = find_channel(scan, name)?;
    match asked.channel.outline().kind {
        ChannelKind::Number => Ok(asked),
        _ => Err(Refusal::bad_request(
            "the channel does not have one number per point",
        )),
    }
}
