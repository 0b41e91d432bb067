//! The page at `/`, on which people see in a browser what is saved. Its files are part of the program.
//!
//! The files hold no data. What they show comes from `/api/v1/…`, with all conditions that requests there have.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::served_files::{ServedFile, ServedFiles, no_file};
use crate::state::WebState;

/// What is served at `/`. The others are below `/assets/`.
const INDEX: &str = "index.html";

static FILES: LazyLock<ServedFiles> = LazyLock::new(|| {
    const FILES: &[ServedFile] = &include!(concat!(env!("OUT_DIR"), "/page.rs"));
    ServedFiles::new(FILES)
});

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/", get(index))
        .route("/assets/{*path}", get(asset))
}

async fn index(headers: HeaderMap) -> Response {
    FILES.answer(INDEX, &headers)
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    // The index at another path could not find the other files.
    match path == INDEX {
        true => no_file(),
        false => FILES.answer(&path, &headers),
    }
}
