//! The page at `/`, on which people see in a browser what is saved. Its files are part of the program, as they are and compressed.
//!
//! The files hold no data. What they show comes from `/api/v1/…`, with all conditions that requests there have.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::guard::problem;
use crate::state::WebState;

/// A file of the page.
struct PageFile {
    /// The path in the folder of the page, which is that below `/assets/`.
    path: &'static str,
    content: &'static [u8],
    /// The same, compressed.
    gzip: &'static [u8],
}

/// What is served at `/`.
const INDEX: &str = "index.html";

/// All files, which `build.rs` finds and compresses.
static FILES: &[PageFile] = &include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// Changes when any file does. All files have the same, as a browser must not mix files of two releases.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    for file in FILES {
        (file.path, file.content).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
});

/// Returns the router of this part.
pub fn router() -> Router<Arc<WebState>> {
    Router::new()
        .route("/", get(index))
        .route("/assets/{*path}", get(asset))
}

async fn index(headers: HeaderMap) -> Response {
    answer(INDEX, &headers)
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    // The index at another path could not find the other files.
    match path == INDEX {
        true => no_file(),
        false => answer(&path, &headers),
    }
}

fn answer(path: &str, headers: &HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return no_file();
    };
    let takes_gzip = takes_gzip(headers);
    let version = match takes_gzip {
        true => format!("\"{}-gzip\"", *VERSION),
        false => format!("\"{}\"", *VERSION),
    };
    let is_known = is_known(headers, &version);
    // A browser keeps the files, but asks each time whether they are those of the program that runs now.
    let caching = [
        (ETAG, &*version),
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept-encoding"),
    ];
    if is_known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let kind = [(CONTENT_TYPE, content_type(file.path))];
    match takes_gzip {
        true => (caching, kind, [(CONTENT_ENCODING, "gzip")], file.gzip).into_response(),
        false => (caching, kind, file.content).into_response(),
    }
}

fn no_file() -> Response {
    problem(StatusCode::NOT_FOUND, "the page has no such file")
}

/// Returns `true` if the client has a file of this version.
fn is_known(headers: &HeaderMap, version: &str) -> bool {
    let mut known = items(headers, IF_NONE_MATCH).map(|tag| tag.trim_start_matches("W/"));
    known.any(|tag| tag == version || tag == "*")
}

/// Returns `true` if the client says that it takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    items(headers, ACCEPT_ENCODING).any(|item| {
        let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").map(str::parse::<f32>);
        let is_refused = matches!(weight, Some(Ok(0.0) | Err(_)));
        coding.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

/// Returns the parts of a header that is a list.
fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}
