//! `/api/v1/scans`: running and past scans, and one of them with its channels.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use observation::{LiveScan, PastScan, ScanOutcome, ScanRef};
use serde_json::{Value, json};

use super::scan_text::{details, past_text, running_text};
use crate::guard::Refusal;
use crate::parameters::Parameters;
use crate::state::WebState;

/// The most scans of one answer.
const MAX_SCANS: usize = 200;

/// Scans of an answer when nothing was said.
const USUAL_SCANS: usize = 50;

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/api/v1/scans", get(scans))
        .route("/api/v1/scans/{key}", get(scan))
}

/// Which scans are asked for.
struct Filter {
    /// `running` or `ended`.
    state: Option<&'static str>,
    outcome: Option<ScanOutcome>,
    /// In lower case.
    text: String,
    before: u64,
    limit: usize,
}

impl Filter {
    fn of(parameters: &Parameters) -> Result<Filter, Refusal> {
        let unknown = |name: &str, known: &str| {
            let text = format!("the parameter {name:?} must be one of: {known}");
            Refusal::bad_request(text)
        };
        let state = match parameters.get("state") {
            None => None,
            Some("running") => Some("running"),
            Some("ended") => Some("ended"),
            Some(_) => return Err(unknown("state", "running, ended")),
        };
        let outcome = parameters.get("outcome").map(|name| {
            let mut all = ScanOutcome::ALL.into_iter();
            let found = all.find(|outcome| outcome.label() == name);
            found.ok_or_else(|| unknown("outcome", "complete, incomplete, failed, skipped"))
        });
        let limit = parameters.parsed::<usize>("limit")?.unwrap_or(USUAL_SCANS);
        Ok(Filter {
            state,
            outcome: outcome.transpose()?,
            text: parameters.get("text").unwrap_or_default().to_lowercase(),
            before: parameters.parsed("before")?.unwrap_or(u64::MAX),
            limit: limit.clamp(1, MAX_SCANS),
        })
    }

    fn wants_running(&self, scan: &LiveScan) -> bool {
        let title = scan.outline().map_or("", |outline| &outline.title);
        self.state != Some("ended")
            && self.outcome.is_none()
            && scan.number() < self.before
            && self.wants_text(scan.name(), title)
    }

    fn wants_past(&self, scan: &PastScan) -> bool {
        let is_wanted = |wanted: ScanOutcome| wanted == scan.outcome;
        self.state != Some("running")
            && self.outcome.is_none_or(is_wanted)
            && (self.wants_text(&scan.name, &scan.title) || self.finds(&scan.reason))
    }

    fn wants_text(&self, name: &ScanRef, title: &str) -> bool {
        let session = name.session.as_deref().unwrap_or_default();
        [title, &name.name, session, &name.key]
            .iter()
            .any(|text| self.finds(text))
    }

    fn finds(&self, text: &str) -> bool {
        self.text.is_empty() || text.to_lowercase().contains(&self.text)
    }
}

async fn scans(State(state): State<Arc<WebState>>, uri: Uri) -> Result<Response, Refusal> {
    let parameters = Parameters::of(&uri);
    let filter = Filter::of(&parameters)?;
    let table = &state.observation.scans;
    // One more shows whether there are others.
    let limit = filter.limit + 1;
    let mut found: Vec<(u64, Value)> = Vec::new();
    {
        let mut rates = state.api.rates();
        for scan in table.running() {
            if filter.wants_running(&scan) {
                let text = running_text(&scan, &scan.view().now(), &mut rates);
                found.push((scan.number(), json!(text)));
            }
        }
    }
    // A scan that has ended in between is listed once.
    let is_new = |number: u64| found.iter().all(|(known, _)| *known != number);
    let past = table.past(filter.before, limit, |scan| {
        is_new(scan.number) && filter.wants_past(scan)
    });
    let past = past
        .iter()
        .map(|scan| (scan.number, json!(past_text(scan))));
    let past: Vec<_> = past.collect();
    found.extend(past);
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let has_more = found.len() > filter.limit;
    found.truncate(filter.limit);
    let next = found.last().map(|(number, _)| *number);
    let next = next.filter(|_| has_more);
    let scans: Vec<Value> = found.into_iter().map(|(_, scan)| scan).collect();
    Ok(Json(json!({"scans": scans, "next": next})).into_response())
}

async fn scan(
    State(state): State<Arc<WebState>>,
    Path(key): Path<String>,
) -> Result<Response, Refusal> {
    let Some(found) = state.observation.scans.find(&key) else {
        return Err(Refusal::not_found("there is no scan of this key"));
    };
    let mut answer = match (&found.past, &found.live) {
        (Some(past), _) => json!(past_text(past)),
        (None, Some(live)) => {
            let mut rates = state.api.rates();
            json!(running_text(live, &live.view().now(), &mut rates))
        }
        (None, None) => Value::Null,
    };
    let is_complete = |past: &Arc<PastScan>| past.outcome == ScanOutcome::Complete;
    let is_complete = found.past.as_ref().is_some_and(is_complete);
    let watched = || state.live.find(found.past.as_ref()?.number);
    let live = found.live.clone().or_else(watched);
    let details = live.map_or_else(
        || json!({"axes": [], "plots": [], "grid": null, "channels": []}),
        |live| details(&live, is_complete),
    );
    if let (Value::Object(answer), Value::Object(details)) = (&mut answer, details) {
        answer.extend(details);
    }
    Ok(Json(answer).into_response())
}
