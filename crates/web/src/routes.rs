//! Joins the routers of the parts of the service.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Response;

use crate::guard::{self, problem};
use crate::state::WebState;
use crate::{api, files, health, live, metrics, page};

/// Returns the answers to all requests.
///
/// A part of the service (metrics, health, page) is a module that has a router of its own, and one line here.
pub fn router(state: Arc<WebState>) -> Router {
    let router = Router::new();
    #[cfg(feature = "h5web")]
    let router = router.merge(crate::h5web::router());
    router
        .merge(api::router())
        .merge(files::router())
        .merge(health::router())
        .merge(live::router())
        .merge(metrics::router())
        .merge(page::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(state.clone())
        .layer(from_fn_with_state(state, guard::guard))
}

async fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "there is nothing at this path")
}

async fn method_not_allowed() -> Response {
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "only GET and HEAD are answered",
    )
}
