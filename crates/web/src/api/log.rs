//! `/api/v1/log`: the last lines of the log.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::local_time;
use crate::guard::Refusal;
use crate::log_lines::{LineLevel, LogLine};
use crate::parameters::Parameters;
use crate::state::WebState;

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new().route("/api/v1/log", get(log))
}

async fn log(State(state): State<Arc<WebState>>, uri: Uri) -> Result<Json<Value>, Refusal> {
    let parameters = Parameters::of(&uri);
    let after = parameters.parsed::<u64>("after")?.unwrap_or(0);
    let least = match parameters.get("level") {
        None => LineLevel::Info,
        Some(name) => {
            let mut levels = LineLevel::ALL.into_iter();
            let found = levels.find(|level| level.name() == name);
            let text = "the parameter \"level\" must be one of: info, warning, error";
            found.ok_or_else(|| Refusal::bad_request(text))?
        }
    };
    let scan = parameters.get("scan");
    let is_about = |line: &LogLine| {
        let key = line.scan.as_deref().unwrap_or_default();
        scan.is_none_or(|part| key.contains(part))
    };
    let lines = &state.log;
    let (lines, first) = lines.lines(after, |line| line.level >= least && is_about(line));
    let lines: Vec<Value> = lines.into_iter().map(line_text).collect();
    Ok(Json(json!({"lines": lines, "first": first})))
}

fn line_text(line: LogLine) -> Value {
    json!({
        "seq": line.seq,
        "time": local_time(line.time),
        "level": line.level.name(),
        "scan": line.scan,
        "text": line.text,
    })
}
