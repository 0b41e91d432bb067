//! Answers whether the process is alive, and whether it is ready.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use observation::{Observation, ServicePhase};
use serde::Serialize;

use crate::api::local_time;
use crate::state::WebState;

/// The paths that anybody may ask for.
pub const LIVENESS_PATHS: [&str; 2] = ["/livez", "/healthz"];

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    let [live, alias] = LIVENESS_PATHS;
    Router::new()
        .route(live, get(livez))
        .route(alias, get(livez))
        .route("/readyz", get(readyz))
}

/// Returns which threads do not move, as a sentence for people; `None` if all do. Neither Redis nor a disk is asked.
pub fn stuck_threads(observation: &Observation) -> Option<String> {
    let silences = observation.heartbeats.silences().into_iter();
    let stuck: Vec<_> = silences
        .filter(|thread| thread.is_stuck)
        .map(|stuck| {
            format!(
                "the thread {} has not moved for {} s",
                stuck.thread,
                stuck.silence.as_secs()
            )
        })
        .collect();
    (!stuck.is_empty()).then(|| stuck.join(", "))
}

async fn livez(State(state): State<Arc<WebState>>) -> Response {
    match stuck_threads(&state.observation) {
        None => "alive\n".into_response(),
        Some(text) => (StatusCode::SERVICE_UNAVAILABLE, format!("{text}\n")).into_response(),
    }
}

/// The answer to `/readyz`.
#[derive(Serialize)]
struct ReadinessAnswer {
    ready: bool,
    phase: &'static str,
    checks: Vec<CheckAnswer>,
}

/// One condition under which the process is ready.
#[derive(Serialize)]
pub struct CheckAnswer {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    ok: bool,
    /// Local time with its offset (RFC 3339).
    since: String,
    text: String,
}

async fn readyz(State(state): State<Arc<WebState>>) -> Response {
    let readiness = &state.observation.readiness;
    let answer = ReadinessAnswer {
        ready: readiness.is_ready(),
        phase: match readiness.phase() {
            ServicePhase::Starting => "starting",
            ServicePhase::Started => "started",
            ServicePhase::Stopping => "stopping",
        },
        checks: check_answers(&state.observation),
    };
    let status = match answer.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(answer)).into_response()
}

/// Returns all conditions under which the process is ready.
pub fn check_answers(observation: &Observation) -> Vec<CheckAnswer> {
    let checks = observation.readiness.states().into_iter();
    let checks = checks.map(|check| CheckAnswer {
        name: check.name,
        session: check.session,
        ok: check.is_ok,
        since: local_time(check.since),
        text: check.text,
    });
    checks.collect()
}
