//! Refuses requests that web pages of other hosts have sent, or that come without the token; limits the time of all
//! others.
//!
//! Nothing that can be asked changes anything, but what it tells is for those who operate the beamline.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, COOKIE, HOST,
    HeaderName, ORIGIN, REFERRER_POLICY, TRANSFER_ENCODING, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::health;
use crate::state::WebState;

/// How long an answer may take to be made.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What a browser may do with an answer: nothing that leaves this server.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Returns an answer that says what is wrong with a request.
pub fn problem(status: StatusCode, text: &str) -> Response {
    (status, Json(serde_json::json!({ "error": text }))).into_response()
}

/// Why a request gets no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    text: String,
}

impl Refusal {
    /// Creates a refusal with this reason.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Refusal {
        Refusal {
            status,
            text: text.into(),
        }
    }

    /// Returns the reason.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Something in the request is not valid.
    pub fn bad_request(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, text)
    }

    /// There is nothing of the kind.
    pub fn not_found(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        problem(self.status, &self.text)
    }
}

/// Lets a request through if it may be answered, and completes the answer.
pub async fn guard(State(state): State<Arc<WebState>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&state, &request) {
        Some(refusal) => refusal,
        None => answer(&state, request, next).await,
    };
    complete(&mut response);
    state.http.answered(response.status().as_u16());
    response
}

/// Answers a request, within the limits of all requests.
async fn answer(state: &WebState, request: Request, next: Next) -> Response {
    let Ok(_place) = state.places.try_acquire() else {
        let text = "too many requests are being answered";
        return problem(StatusCode::TOO_MANY_REQUESTS, text);
    };
    match timeout(ANSWER_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "the answer took too long to be made",
        ),
    }
}

/// Returns `true` for the page itself, which shows nothing without further requests. Whoever has a token cannot send it
/// before the page is there.
fn is_page(path: &str) -> bool {
    path == "/" || path.starts_with("/assets/")
}

/// Returns the answer to a request that must not go any further.
fn refusal(state: &WebState, request: &Request) -> Option<Response> {
    let headers = request.headers();
    if has_body(headers) {
        let text = "a request has no body here";
        return Some(problem(StatusCode::BAD_REQUEST, text));
    }
    if health::LIVENESS_PATHS.contains(&request.uri().path()) {
        return None;
    }
    let host = text(headers, HOST).unwrap_or_default();
    if !state.access.knows_host(host, state.address) {
        let text = "this server is not known by this name; --http-host makes names known";
        return Some(problem(StatusCode::MISDIRECTED_REQUEST, text));
    }
    if is_foreign(headers, host) {
        let text = "pages of other hosts get no answer";
        return Some(problem(StatusCode::FORBIDDEN, text));
    }
    let access = &state.access;
    let has_token = access.permits(text(headers, AUTHORIZATION))
        || access.permits_cookie(text(headers, COOKIE), state.address.port());
    if !has_token && !is_page(request.uri().path()) {
        let text = "the token is missing or wrong: Authorization: Bearer TOKEN";
        let mut response = problem(StatusCode::UNAUTHORIZED, text);
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        return Some(response);
    }
    None
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH);
    headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// Returns `true` if a browser sends the request on behalf of a page of another host.
fn is_foreign(headers: &HeaderMap, host: &str) -> bool {
    let of_other_host = |origin: &HeaderValue| {
        let origin = origin.to_str().unwrap_or_default();
        let site = origin.split_once("://").map(|(_, site)| site);
        site.is_none_or(|site| !site.eq_ignore_ascii_case(host))
    };
    headers.get(ORIGIN).is_some_and(of_other_host)
        || text(headers, FETCH_SITE) == Some("cross-site")
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn complete(response: &mut Response) {
    let is_refused_method = response.status() == StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, usual) in [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (CACHE_CONTROL, "no-store"),
    ] {
        let usual = HeaderValue::from_static(usual);
        headers.entry(name).or_insert(usual);
    }
    if is_refused_method {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
}
