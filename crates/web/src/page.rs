//! The page at `/`, on which people see in a browser what is saved. Its files are part of the program.
//!
//! The files hold no data. What they show comes from `/api/v1/…`, with all conditions that requests there have.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::guard::problem;
use crate::state::WebState;

/// A file of the page.
struct PageFile {
    /// The path below `/assets/`.
    path: &'static str,
    content: &'static [u8],
}

/// Returns the files of these paths in `page`.
macro_rules! page_files {
    ($($path:literal,)*) => {
        [$(PageFile { path: $path, content: include_bytes!(concat!("../page/", $path)) },)*]
    };
}

const INDEX: PageFile = PageFile {
    path: "index.html",
    content: include_bytes!("../page/index.html"),
};

/// All other files. A test compares the list with the directory.
const FILES: &[PageFile] = &page_files![
    "js/api.js",
    "js/channel-list.js",
    "js/channels.js",
    "js/choices.js",
    "js/colours.js",
    "js/curve-panel.js",
    "js/curves.js",
    "js/elements.js",
    "js/file-default.js",
    "js/file-object.js",
    "js/file-plot.js",
    "js/file-tree.js",
    "js/file-types.js",
    "js/file-values.js",
    "js/file-view.js",
    "js/format.js",
    "js/head.js",
    "js/history-view.js",
    "js/live-view.js",
    "js/log-view.js",
    "js/login.js",
    "js/main.js",
    "js/outcome.js",
    "js/panel.js",
    "js/plot.js",
    "js/position-panel.js",
    "js/raster-panel.js",
    "js/raster-picture.js",
    "js/raster.js",
    "js/recent-scans.js",
    "js/scan-summary.js",
    "js/scan-table.js",
    "js/scan-view.js",
    "js/spectrum-panel.js",
    "js/state-stream.js",
    "js/surroundings.js",
    "js/times.js",
    "js/types.js",
    "style/base.css",
    "style/file.css",
    "style/frame.css",
    "style/scan.css",
    "style/tables.css",
    "vendor/uPlot.iife.min.js",
    "vendor/uPlot.min.css",
];

/// Changes when any file does. All files have the same, as a browser must not mix files of two releases.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    for file in FILES.iter().chain([&INDEX]) {
        (file.path, file.content).hash(&mut hasher);
    }
    format!("\"{:016x}\"", hasher.finish())
});

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/", get(index))
        .route("/assets/{*path}", get(asset))
}

async fn index(headers: HeaderMap) -> Response {
    answer(&INDEX, &headers)
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match FILES.iter().find(|file| file.path == path) {
        Some(file) => answer(file, &headers),
        None => problem(StatusCode::NOT_FOUND, "the page has no such file"),
    }
}

fn answer(file: &PageFile, headers: &HeaderMap) -> Response {
    let version = VERSION.as_str();
    // A browser keeps the files, but asks each time whether they are those of the program that runs now.
    let caching = [(ETAG, version), (CACHE_CONTROL, "no-cache")];
    if is_known(headers, version) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let kind = [(CONTENT_TYPE, content_type(file.path))];
    (caching, kind, file.content).into_response()
}

/// Returns `true` if the client has a file of this version.
fn is_known(headers: &HeaderMap, version: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"));
    known.any(|tag| tag == version || tag == "*")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}
