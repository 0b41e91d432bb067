//! Scans that other releases of blissdata publish, in both layouts, saved while they run and afterwards.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};
use testing::{output, python, read};

use crate::fixture::{Fixture, WRITER};

/// Returns the releases that are installed, the oldest first.
fn releases() -> Vec<String> {
    const LIST: &str = include_str!("../../../testing/python/publishers.txt");
    let releases: Vec<String> = LIST
        .lines()
        .filter_map(|line| line.strip_prefix("blissdata=="))
        .map(str::to_owned)
        .collect();
    assert!(!releases.is_empty());
    releases
}

/// Publishes a scan with a release of blissdata. Returns its key.
fn publish(fixture: &Fixture, release: &str, file: &Path, options: &[&str]) -> String {
    let mut program = python();
    program
        .args(["publisher.py", release])
        .arg(file)
        .args(["1", "--redis", &fixture.url()])
        .args(options);
    let printed: Json = serde_json::from_str(&output(&mut program)).unwrap();
    printed["key"].as_str().unwrap().to_owned()
}

/// Returns 20 points of this shape, of which each element is the number of its point.
fn points(shape: &[usize]) -> Json {
    let point = |number: usize| {
        shape.iter().rev().fold(json!(number), |element, &length| {
            Json::Array(vec![element; length])
        })
    };
    Json::Array((0..20).map(point).collect())
}

/// Compares nested lists of numbers, for which it does not matter whether they are integers.
fn assert_same(found: &Json, expected: &Json, what: &str) {
    match (found, expected) {
        (Json::Array(found), Json::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{what}");
            for (found, expected) in found.iter().zip(expected) {
                assert_same(found, expected, what);
            }
        }
        (found, expected) => assert_eq!(found.as_f64(), expected.as_f64(), "{what}"),
    }
}

const SHAPES: [&[usize]; 5] = [&[], &[], &[4], &[2], &[3, 5]];

const PUBLISHED: [&str; 5] = [
    "1.1/ct_diode",
    "1.1/ct_counts",
    "1.1/mca_spectrum",
    "1.1/mca_varying",
    "1.1/cam_image",
];

const CLASSIC: [&str; 5] = [
    "1.1/measurement/diode",
    "1.1/measurement/counts",
    "1.1/measurement/spectrum",
    "1.1/measurement/varying",
    "1.1/measurement/image",
];

fn assert_saved(file: &Path, places: &[&str; 5], events: &str, release: &str) {
    let found = read(file, places);
    for (n, place) in places.iter().enumerate() {
        let what = format!("{place} of blissdata {release}");
        assert_same(&found[n], &points(SHAPES[n]), &what);
    }
    let texts = read(file, &[events]);
    for (point, text) in texts[0].as_array().unwrap().iter().enumerate() {
        let value: Json = serde_json::from_str(text.as_str().unwrap()).unwrap();
        let expected = json!({"point": point, "text": "é", "list": [1, null]});
        assert_eq!(value, expected, "{release}");
    }
    assert_eq!(texts[0].as_array().unwrap().len(), 20, "{release}");
}

#[tokio::test]
async fn every_release_of_blissdata_can_publish() {
    for (layout, options, places, events) in [
        ("published", &[][..], &PUBLISHED, "1.1/log_events"),
        (
            "classic",
            &["--classic"][..],
            &CLASSIC,
            "1.1/measurement/events",
        ),
    ] {
        for release in releases() {
            let fixture = Fixture::new().await;
            let mut running = fixture.run_with(&["--data-writer", "any"]);
            let file = fixture.file(&format!("{layout}.h5"));
            let key = publish(&fixture, &release, &file, options);
            running.wait_for("Finished writing");
            Fixture::end(running);
            assert_saved(&file, places, events, &release);
            output(
                Command::new(WRITER)
                    .args(["check", "--redis", &fixture.url()])
                    .arg(&file),
            );
            fs::remove_file(&file).unwrap();
            let saved = fixture.save(&[&key]);
            assert_eq!(saved.status, Some(0), "{release}: {}", saved.log);
            assert_saved(&file, places, events, &release);
        }
    }
}
