//! The files of the page are complete, and what is in them is safe to show.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use observation::Observation;
use testing::http_get;
use web::{Access, BuildInfo, Listen, WebOptions, WebService};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("page")
}

/// Returns the content of all files below a folder by their paths.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inside = files(&path).into_iter();
            found.extend(inside.map(|(path, content)| (format!("{name}/{path}"), content)));
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

/// Returns the text of all files that the project has written.
fn own_texts() -> BTreeMap<String, String> {
    let own = files(&folder()).into_iter();
    let own = own.filter(|(path, _)| !path.starts_with("vendor/"));
    own.map(|(path, content)| (path, String::from_utf8(content).unwrap()))
        .collect()
}

fn service(access: Access) -> WebService {
    let options = WebOptions {
        access,
        listen: Listen::At(([127, 0, 0, 1], 0).into()),
        ..WebOptions::new(BuildInfo::default())
    };
    WebService::start(options, &Arc::<Observation>::default()).unwrap()
}

#[test]
fn every_file_is_served_as_it_is() {
    let service = service(Access::default());
    let address = service.address().unwrap();
    let index = http_get(address, "/", &[]);
    assert_eq!(index.status, 200);
    assert_eq!(
        index.body,
        fs::read_to_string(folder().join("index.html")).unwrap()
    );
    assert_eq!(
        index.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for (path, content) in files(&folder()) {
        let kind = match path.rsplit_once('.') {
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            _ => continue,
        };
        let answer = http_get(address, &format!("/assets/{path}"), &[]);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.body.as_bytes(), content, "{path}");
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
}

#[test]
fn a_client_that_takes_gzip_gets_less() {
    let service = service(Access::default());
    let address = service.address().unwrap();
    let get = |path: &str, encoding: &str| {
        http_get(address, path, &[&format!("Accept-Encoding: {encoding}")])
    };
    for (path, content) in files(&folder()) {
        let path = match path.rsplit_once('.') {
            Some((_, "js" | "css")) => format!("/assets/{path}"),
            Some((_, "html")) => "/".to_owned(),
            _ => continue,
        };
        let answer = get(&path, "br, GZIP;q=0.5");
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{path}");
        assert!(answer.content.len() < content.len(), "{path}");
        let mut found = vec![0; content.len()];
        let mut decompressor = libdeflater::Decompressor::new();
        let size = decompressor.gzip_decompress(&answer.content, &mut found);
        assert_eq!((size.unwrap(), &found), (content.len(), &content), "{path}");
    }
    let compressed = get("/", "gzip");
    for encoding in ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "*;q=0"] {
        let plain = get("/", encoding);
        assert_eq!(plain.header("content-encoding"), None, "{encoding}");
        assert!(plain.body.starts_with("<!doctype html>"), "{encoding}");
        assert_eq!(plain.header("vary"), compressed.header("vary"));
        // What is cached of one is not taken for the other.
        let tag = plain.header("etag").unwrap();
        assert_ne!(Some(tag), compressed.header("etag"));
        let headers = [&*format!("If-None-Match: {tag}"), "Accept-Encoding: gzip"];
        assert_eq!(http_get(address, "/", &headers).status, 200);
    }
    assert_eq!(compressed.header("vary"), Some("accept-encoding"));
}

#[test]
fn a_browser_that_has_a_file_gets_it_once() {
    let service = service(Access::default());
    let address = service.address().unwrap();
    let first = http_get(address, "/assets/js/main.js", &[]);
    let tag = first.header("etag").unwrap();
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"0\", {tag}")] {
        let again = http_get(
            address,
            "/assets/js/main.js",
            &[&format!("If-None-Match: {known}")],
        );
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{known}");
    }
    let other = http_get(address, "/", &["If-None-Match: \"0\""]);
    assert_eq!(other.status, 200);
}

#[test]
fn the_page_comes_without_the_token_that_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "correct-horse-battery").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let service = service(Access::new(Some(&file), Vec::new()).unwrap());
    let address = service.address().unwrap();
    for (path, expected) in [
        ("/", 200),
        ("/assets/js/main.js", 200),
        ("/assets/none", 404),
        ("/metrics", 401),
        ("/assets", 401),
    ] {
        assert_eq!(http_get(address, path, &[]).status, expected, "{path}");
    }
    // Pages of other hosts may not even know that it is there.
    let foreign = http_get(address, "/", &["Origin: http://evil.example"]);
    assert_eq!(foreign.status, 403);
}

#[test]
fn only_files_of_the_page_are_served() {
    let service = service(Access::default());
    let address = service.address().unwrap();
    for path in [
        "/assets/",
        "/assets/js",
        "/assets/index.html",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/%2fetc%2fpasswd",
        "/assets//etc/passwd",
        "/index.html",
    ] {
        assert_eq!(http_get(address, path, &[]).status, 404, "{path}");
    }
}

#[test]
fn text_never_becomes_markup() {
    let forbidden = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "setHTML",
        "srcdoc",
        "document.write",
        "DOMParser",
        "createContextualFragment",
        "eval(",
        "new Function",
        "javascript:",
    ];
    for (path, text) in own_texts() {
        for word in forbidden {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn nothing_is_in_the_page_that_its_policy_forbids() {
    let index = fs::read_to_string(folder().join("index.html")).unwrap();
    assert!(!index.contains("style=") && !index.contains("<style"));
    for tag in index.split('<').filter(|tag| tag.starts_with("script")) {
        assert!(tag.contains("src=\"assets/"), "{tag}");
    }
    let attributes = index.split_whitespace();
    let handlers: Vec<_> = attributes
        .filter(|word| word.starts_with("on") && word.contains('='))
        .collect();
    assert_eq!(handlers, Vec::<&str>::new());
    // The names of SVG's elements are no address that is asked.
    let svg = "http://www.w3.org/2000/svg";
    for (path, text) in own_texts() {
        let text = text.replace(svg, "");
        assert!(
            !text.contains("http:") && !text.contains("https:"),
            "{path}"
        );
    }
}

#[test]
fn files_of_others_are_those_that_were_released() {
    let mut command = Command::new("sha256sum");
    command.args(["--check", "--strict", "SHA256SUMS"]);
    let output = command
        .current_dir(folder().join("vendor"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn every_script_is_checked_for_its_types() {
    for (path, text) in own_texts() {
        if path.ends_with(".js") {
            assert!(text.starts_with("// @ts-check\n"), "{path}");
            assert!(text.lines().count() <= 400, "{path}");
        }
    }
}
