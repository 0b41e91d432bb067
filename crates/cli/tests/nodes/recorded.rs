//! Scans that BLISS 1.11.4 has published, against the files of its own writer.
//!
//! Each recording is saved twice: by a service that was there before, while the scan is published again at ten times its
//! speed, and by `save` afterwards.

use std::process::Command;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::fixture::{Fixture, WRITER};

/// A difference from the files of the original writer.
#[derive(Debug, Deserialize)]
struct Difference {
    kind: String,
    path: String,
    text: String,
}

/// Runs the program that publishes recordings and compares files. Returns the lines that it prints.
fn nodes(fixture: &Fixture, action: &str, recording: &str, options: &[&str]) -> Vec<Json> {
    let mut python = testing::python();
    python.args(["nodes.py", action, recording, "--root"]);
    python.arg(fixture.folder.path().canonicalize().unwrap());
    python.args(["--redis", &fixture.url()]).args(options);
    let lines = testing::output(&mut python);
    let lines = lines.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn publish(fixture: &Fixture, recording: &str, options: &[&str]) -> Vec<String> {
    let keys = nodes(fixture, "publish", recording, options);
    let keys: Vec<String> = keys
        .into_iter()
        .map(|key| serde_json::from_value(key).unwrap())
        .collect();
    assert!(!keys.is_empty());
    keys
}

fn expect_no_difference(fixture: &Fixture, recording: &str) {
    let differences = nodes(fixture, "compare", recording, &[]).into_iter();
    let texts: Vec<String> = differences
        .map(|line| {
            let found: Difference = serde_json::from_value(line).unwrap();
            format!("{} {}: {}", found.kind, found.path, found.text)
        })
        .collect();
    assert_eq!(texts, [""; 0]);
}

async fn followed(recording: &str) {
    let fixture = Fixture::new().await;
    // Redis is empty, as after a start of BLISS.
    let mut running = fixture.session(&[]);
    let keys = publish(&fixture, recording, &["--speed", "10"]);
    running.wait_for_count("Finished writing", keys.len());
    let log = Fixture::end(running);
    assert!(!log.contains("FAILED") && !log.contains("lost"), "{log}");
    expect_no_difference(&fixture, recording);
}

async fn saved(recording: &str) {
    let fixture = Fixture::new().await;
    let keys = publish(&fixture, recording, &[]);
    let mut command = Command::new(WRITER);
    let output = command.args(["save", "--json", &fixture.url()]).args(&keys);
    let output = output.output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    expect_no_difference(&fixture, recording);
    let reports = String::from_utf8(output.stdout).unwrap();
    for report in reports.lines() {
        let report: Json = serde_json::from_str(report).unwrap();
        let files = report["files"].as_array().unwrap();
        let mut check = Command::new(WRITER);
        check.args(["check", "--redis", &fixture.url()]);
        check.args(files.iter().filter_map(Json::as_str));
        let checked = check.output().unwrap();
        let found = String::from_utf8(checked.stdout).unwrap();
        assert!(checked.status.success(), "{found}");
    }
}

macro_rules! recordings {
    ($($recording:ident),* $(,)?) => {
        mod live {
            $(#[tokio::test] async fn $recording() {
                super::followed(stringify!($recording)).await;
            })*
        }
        mod afterwards {
            $(#[tokio::test] async fn $recording() {
                super::saved(stringify!($recording)).await;
            })*
        }
    };
}

recordings!(
    aborted,
    amesh_2d,
    ascan_1d,
    ascan_1d_proto3,
    block_stream,
    esrf_policy,
    failed_prepare,
    lima_hdf5,
    mca_1d,
    sequence_group,
    strings,
);
