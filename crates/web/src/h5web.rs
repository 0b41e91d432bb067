//! H5Web at `/h5web/`, which shows the files that scans were saved in: `/h5web/#/ID/NAME`.
//!
//! It is made apart from this project (`packaging/h5web`), and needs a content security policy of its own: it compiles loops
//! over arrays, and sets styles of elements.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::get;

use crate::served_files::{ServedFile, ServedFiles};
use crate::state::WebState;

/// What a browser may do with it.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-eval'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static FILES: LazyLock<ServedFiles> = LazyLock::new(|| {
    const FILES: &[ServedFile] = &include!(concat!(env!("OUT_DIR"), "/h5web.rs"));
    ServedFiles::new(FILES)
});

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/h5web/", get(index))
        .route("/h5web/{*path}", get(asset))
}

async fn index(headers: HeaderMap) -> Response {
    answer("index.html", &headers)
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    answer(&path, &headers)
}

fn answer(path: &str, headers: &HeaderMap) -> Response {
    let mut answer = FILES.answer(path, headers);
    let policy = HeaderValue::from_static(CONTENT_POLICY);
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    answer
}
