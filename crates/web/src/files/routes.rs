//! Requests for the content of files.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use file_request::{DataFormat, LinkResolution, Question, ReadRequest};
use observation::KnownFile;
use serde_json::{Value, json};

use super::identified;
use crate::api::file_id;
use crate::guard::Refusal;
use crate::parameters::Parameters;
use crate::state::WebState;

/// Returns the router of this part.
///
/// Clients of h5grove ask with a slash at the end.
pub fn router() -> Router<Arc<WebState>> {
    let questions: [(&str, MethodRouter<Arc<WebState>>); 5] = [
        ("meta", get(|state, uri| answer(state, uri, meta))),
        ("attr", get(|state, uri| answer(state, uri, attributes))),
        ("data", get(|state, uri| answer(state, uri, data))),
        ("paths", get(|state, uri| answer(state, uri, paths))),
        ("stats", get(|state, uri| answer(state, uri, stats))),
    ];
    let router = Router::new().route("/api/v1/files/{id}", get(file));
    questions
        .into_iter()
        .fold(router, |router, (name, method)| {
            let path = format!("/api/h5grove/{name}");
            router
                .route(&format!("{path}/"), method.clone())
                .route(&path, method)
        })
}

/// Answers a question of h5grove, whose clients look for the member `message` of a refusal.
async fn answer(
    State(state): State<Arc<WebState>>,
    uri: Uri,
    question: fn(&Parameters) -> Result<Question, Refusal>,
) -> Response {
    match answered(&state, &uri, question).await {
        Ok(response) => response,
        Err(refusal) => {
            let body = json!({"error": refusal.text(), "message": refusal.text()});
            (refusal.status, Json(body)).into_response()
        }
    }
}

async fn answered(
    state: &WebState,
    uri: &Uri,
    question: fn(&Parameters) -> Result<Question, Refusal>,
) -> Result<Response, Refusal> {
    let parameters = Parameters::of(uri);
    let file = identified::find(&state.observation.scans, parameters.required("file")?)?;
    ask(state, &file, question(&parameters)?).await
}

async fn ask(state: &WebState, file: &KnownFile, question: Question) -> Result<Response, Refusal> {
    let request = ReadRequest {
        file: file.path.clone(),
        reachable: identified::reachable(file),
        question,
    };
    let (head, body) = state.readers.ask(&request).await?;
    let status = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok((status, [(CONTENT_TYPE, head.content_type)], body).into_response())
}

/// `/api/v1/files/{id}`: what a file is called, its scans, and the files to which links in it may lead.
async fn file(
    State(state): State<Arc<WebState>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let file = identified::find(&state.observation.scans, &id)?;
    let request = ReadRequest {
        file: file.path.clone(),
        reachable: identified::reachable(&file),
        question: Question::Status,
    };
    let (head, body) = state.readers.ask(&request).await?;
    let status: Value = match head.status {
        200 => serde_json::from_slice(&body).unwrap_or_default(),
        // The file has been removed, but what is known of it can be told.
        _ => json!({"size": null, "modified": null}),
    };
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let scans = file.scans.iter().map(|(scan, entry)| {
        json!({
            "key": scan.key, "session": scan.session, "name": scan.name, "number": scan.number, "entry": entry,
        })
    });
    let others = file
        .others
        .iter()
        .map(|path| json!({"id": file_id(path), "path": path.display().to_string()}));
    let detectors = file.detectors.iter().map(|series| {
        let numbers = series
            .numbers
            .map(|(first, last, digits)| json!({"first": first, "last": last, "digits": digits}));
        json!({
            "folder": series.folder.display().to_string(),
            "prefix": series.prefix, "numbers": numbers, "suffix": series.suffix,
        })
    });
    Ok(Json(json!({
        "id": file_id(&file.path),
        "name": name,
        "path": file.path.display().to_string(),
        "size": status["size"],
        "modified": status["modified"],
        "growing": file.is_growing,
        "scans": scans.collect::<Vec<_>>(),
        "others": others.collect::<Vec<_>>(),
        "detectors": detectors.collect::<Vec<_>>(),
    }))
    .into_response())
}

fn meta(parameters: &Parameters) -> Result<Question, Refusal> {
    Ok(Question::Meta {
        path: path(parameters),
        links: links(parameters)?,
    })
}

fn attributes(parameters: &Parameters) -> Result<Question, Refusal> {
    Ok(Question::Attributes {
        path: path(parameters),
        links: links(parameters)?,
        names: parameters.all("attr_keys").map(str::to_owned).collect(),
    })
}

fn data(parameters: &Parameters) -> Result<Question, Refusal> {
    let format = match parameters.get("format") {
        None | Some("json") => DataFormat::Json,
        Some("bin") => DataFormat::Binary,
        Some("npy") => DataFormat::Npy,
        Some(other) => return Err(invalid(format!("Unsupported encoding {other}"))),
    };
    let is_safe = match parameters.get("dtype") {
        None | Some("origin") => false,
        Some("safe") => true,
        Some(other) => return Err(invalid(format!("Unsupported dtype {other}"))),
    };
    Ok(Question::Data {
        path: path(parameters),
        links: links(parameters)?,
        selection: parameters.get("selection").map(str::to_owned),
        format,
        is_safe,
        is_flat: parameters
            .get("flatten")
            .is_some_and(|value| !value.eq_ignore_ascii_case("false")),
    })
}

fn paths(parameters: &Parameters) -> Result<Question, Refusal> {
    Ok(Question::Paths {
        path: path(parameters),
        links: links(parameters)?,
    })
}

fn stats(parameters: &Parameters) -> Result<Question, Refusal> {
    Ok(Question::Stats {
        path: path(parameters),
        links: links(parameters)?,
        selection: parameters.get("selection").map(str::to_owned),
    })
}

fn path(parameters: &Parameters) -> String {
    let path = parameters.get("path").unwrap_or("/");
    match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    }
}

fn links(parameters: &Parameters) -> Result<LinkResolution, Refusal> {
    let given = parameters.get("resolve_links").map(str::to_ascii_lowercase);
    match given.as_deref() {
        None | Some("only_valid") => Ok(LinkResolution::OnlyValid),
        Some("none" | "false") => Ok(LinkResolution::None),
        Some("all" | "true") => Ok(LinkResolution::All),
        Some(other) => Err(invalid(format!(
            "{other} is not a valid value for link resolution. Accepted values are: all, none or only_valid"
        ))),
    }
}

/// The status that h5grove has for parameters without a meaning.
fn invalid(text: String) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, text)
}
