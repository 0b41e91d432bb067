//! `/api/v1/login`: a cookie for a token, so that a browser has to be told the token once.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::state::WebState;

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new().route("/api/v1/login", get(login))
}

/// Sets the cookie. Requests without the token do not come here.
async fn login(State(state): State<Arc<WebState>>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = state.access.cookie(state.address.port());
    // Scripts cannot read it, and pages of other hosts cannot have it sent.
    let cookie = cookie.map(|cookie| format!("{cookie}; HttpOnly; SameSite=Strict; Path=/"));
    if let Some(Ok(cookie)) = cookie.map(HeaderValue::try_from) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
