//! Files that are part of the program, as they are and compressed, and how they are sent.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::guard::problem;

/// A file that is part of the program. `build.rs` writes lists of them.
pub struct ServedFile {
    /// The path in the folder of the files.
    pub path: &'static str,
    pub content: &'static [u8],
    /// The same, compressed.
    pub gzip: &'static [u8],
}

/// The files of a folder.
pub struct ServedFiles {
    files: &'static [ServedFile],
    /// Changes when any file does. All files have the same, as a browser must not mix files of two releases.
    version: String,
}

impl ServedFiles {
    pub fn new(files: &'static [ServedFile]) -> ServedFiles {
        let mut hasher = DefaultHasher::new();
        for file in files {
            (file.path, file.content).hash(&mut hasher);
        }
        ServedFiles {
            files,
            version: format!("{:016x}", hasher.finish()),
        }
    }

    /// Returns the answer to a request for a file.
    pub fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let Some(file) = self.files.iter().find(|file| file.path == path) else {
            return no_file();
        };
        let takes_gzip = takes_gzip(headers);
        let version = match takes_gzip {
            true => format!("\"{}-gzip\"", self.version),
            false => format!("\"{}\"", self.version),
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
}

/// Returns the answer to a request for a file that is not there.
pub fn no_file() -> Response {
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
        Some((_, "txt")) => "text/plain; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}
