//! Requests for files that are refused, or answered in part.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use nexus::h5;
use nexus::tree::{ByteOrder, ElementType, Hyperslab, VirtualSource};
use serde_json::Value as Json;

use super::{Saved, message};

/// Writes a file with one dataset, `/secret`, beside the others.
fn write_secret(path: &Path) {
    let file = h5::File::create(path).unwrap();
    let value = 42i64.into();
    file.root().unwrap().create_value("secret", &value).unwrap();
    file.close().unwrap();
}

#[tokio::test]
async fn only_files_of_known_scans_have_a_name() {
    let saved = Saved::new().await;
    let secret = saved.fixture.file("secret.h5");
    write_secret(&secret);
    let foreign = secret.display().to_string();
    for id in [
        "",
        "0123456789abcdef",
        "../secret.h5",
        "..%2Fsecret.h5",
        &foreign,
        "%2Fetc%2Fpasswd",
        &saved.file.display().to_string(),
        &saved.id[1..],
    ] {
        let answer = saved
            .watched
            .get(&format!("/api/h5grove/meta?file={id}&path=/"));
        let expected = if id.is_empty() { 400 } else { 404 };
        assert_eq!(answer.status, expected, "{id}: {}", answer.body);
        message(&answer);
        let about = saved
            .watched
            .get(&format!("/api/v1/files/{}", id.replace('/', "%2F")));
        assert_eq!(about.status, 404, "{id}");
    }
    for (path, expected) in [
        ("/../secret.h5", 404),
        ("/../../secret", 404),
        ("..", 404),
        ("diode", 200),
    ] {
        assert_eq!(saved.ask("meta", path, "").status, expected, "{path}");
    }
    saved.watched.end();
}

#[tokio::test]
async fn nothing_leads_to_other_files() {
    let saved = Saved::new().await;
    let secret = saved.fixture.file("secret.h5");
    write_secret(&secret);
    symlink(&secret, saved.fixture.file("alias.h5")).unwrap();
    saved.change(|root| {
        for (name, file) in [
            ("absolute", secret.as_path()),
            ("relative", Path::new("secret.h5")),
            ("upward", Path::new("x/../secret.h5")),
            ("symbolic", Path::new("alias.h5")),
        ] {
            root.create_external_link(name, file, "/secret").unwrap();
        }
        let one = Hyperslab {
            start: vec![0],
            stride: None,
            count: vec![1],
            block: None,
        };
        let element = ElementType::Int(8, ByteOrder::Little);
        for (name, file) in [("virtual", "secret.h5"), ("symbolic virtual", "alias.h5")] {
            let options = h5::VirtualOptions {
                element: &element,
                shape: &[1],
                max_shape: &[Some(1)],
                sources: &[VirtualSource {
                    target: one.clone(),
                    file: file.to_owned(),
                    dataset: "/secret".to_owned(),
                    selection: one.clone(),
                }],
                fill: None,
            };
            root.create_virtual(name, &options).unwrap();
        }
        let options = h5::ExternalOptions {
            element: &element,
            shape: &[1],
            files: &[nexus::tree::ExternalFile {
                name: secret.clone(),
                offset: 0,
                size: Some(8),
            }],
            fill: None,
        };
        root.create_external("raw", &options).unwrap();
    });
    for name in ["absolute", "relative", "upward", "symbolic"] {
        let about = saved.json("meta", &format!("/{name}"), "");
        assert_eq!(about["kind"], "external_link", "{name}: {about}");
        assert!(about["target_path"] == "/secret", "{about}");
        let data = saved.ask("data", &format!("/{name}"), "");
        assert_eq!(data.status, 403, "{name}: {}", data.body);
        assert_eq!(saved.ask("stats", &format!("/{name}"), "").status, 403);
    }
    for name in ["virtual", "symbolic%20virtual", "raw"] {
        for question in ["data", "stats"] {
            let data = saved.ask(question, &format!("/{name}"), "");
            assert_eq!(data.status, 403, "{name}: {}", data.body);
            assert!(message(&data).contains("not shown here"), "{}", data.body);
        }
        assert_eq!(
            saved.json("meta", &format!("/{name}"), "")["kind"],
            "dataset"
        );
    }
    // The file itself may not become a link to another one.
    fs::remove_file(&saved.file).unwrap();
    symlink(&secret, &saved.file).unwrap();
    let answer = saved.ask("meta", "/", "");
    assert_eq!(answer.status, 403, "{}", answer.body);
    fs::remove_file(&saved.file).unwrap();
    let answer = saved.ask("meta", "/", "");
    assert_eq!(
        (answer.status, message(&answer).as_str()),
        (404, "File not found!")
    );
    let about = saved.watched.json(&format!("/api/v1/files/{}", saved.id));
    assert_eq!(about["size"], Json::Null);
    saved.watched.end();
}

#[tokio::test]
async fn large_answers_and_strange_questions_are_refused() {
    let saved = Saved::new().await;
    saved.change(|root| {
        let options = h5::ChunkedOptions {
            element: &ElementType::Float(8, ByteOrder::Little),
            shape: &[1 << 40],
            max_shape: &[None],
            chunk: &[1 << 16],
            filters: &[],
            fill: None,
            cache: None,
        };
        root.create_chunked("huge", &options).unwrap();
        root.create_value("long", &"x".repeat(100_000).as_str().into())
            .unwrap();
    });
    for format in ["json", "bin", "npy"] {
        let answer = saved.ask("data", "/huge", &format!("&format={format}"));
        assert_eq!(answer.status, 413, "{}", answer.body);
        assert!(message(&answer).contains("selection"), "{}", answer.body);
        let part = saved.ask(
            "data",
            "/huge",
            &format!("&format={format}&selection=0:1000"),
        );
        assert_eq!(part.status, 200, "{}", part.body);
    }
    assert_eq!(saved.ask("stats", "/huge", "").status, 413);
    let long = saved.json("data", "/long", "");
    let long = long.as_str().unwrap();
    assert_eq!(
        (long.len(), long.ends_with("x…")),
        ((64 << 10) + "…".len(), true)
    );
    for (question, more) in [
        ("data", "&format=tiff"),
        ("data", "&dtype=odd"),
        ("data", "&selection=x"),
        ("data", "&selection=0,0,0"),
        ("meta", "&resolve_links=some"),
    ] {
        let answer = saved.ask(question, "/diode", more);
        assert_eq!(answer.status, 422, "{question} {more}: {}", answer.body);
    }
    assert_eq!(saved.ask("data", "/", "").status, 422);
    assert_eq!(saved.ask("paths", "/diode", "").status, 422);
    assert_eq!(saved.ask("data", "/none", "").status, 404);
    saved.watched.end();
}
