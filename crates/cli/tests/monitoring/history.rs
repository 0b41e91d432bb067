//! The scans that earlier processes have saved.

use std::path::Path;

use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamPublisher};
use testing::redis_call;

use crate::fixture::{Fixture, Watched, end, path_of, send};

const ENDED: &str = "/api/v1/scans?state=ended";

/// Waits until this number of past scans is listed. Returns them.
fn past_scans(watched: &Watched, count: usize) -> Vec<Json> {
    let is_all = |answer: &Json| answer["scans"].as_array().unwrap().len() == count;
    let answer = watched.wait_for_json(ENDED, is_all);
    answer["scans"].as_array().unwrap().clone()
}

/// Returns what a list of scans has to say about a scan, whoever has saved it.
fn facts(scan: &Json) -> Json {
    let fields = [
        "key", "session", "name", "number", "title", "outcome", "reason", "points", "lost", "files",
    ];
    fields.iter().map(|field| scan[field].clone()).collect()
}

/// Starts a scan that both layouts can save.
async fn start(fixture: &Fixture, number: u64, file: &Path) -> (ScanPublisher, StreamPublisher) {
    let channel = format!("timer:diode{number}");
    let info = json!({
        "save": true, "filename": file, "scan_nb": number, "title": format!("ascan samy 0 1 {number}"),
        "name": format!("{number}_loopscan"), "npoints": 3, "data_dim": 1, "count_time": 0.1,
        "start_time": "2026-11-23T01:02:03+01:00", "end_time": "2026-11-23T01:02:05+01:00",
        "acquisition_chain": {"timer": {"devices": ["1:timer"]}},
        "devices": {"1:timer": {"name": "timer", "channels": [&channel]}},
        "channels": {&channel: {"device": "1:timer", "dim": 0}},
        "scan_meta_categories": [],
    });
    let stream = (channel.as_str(), "<f8", &[][..]);
    let (scan, mut streams) = fixture.start("demo", file, number, info, &[stream]).await;
    (scan, streams.remove(0))
}

/// Saves a scan that is complete, in each of two files, and one of which points are lost, in the first file.
async fn save_scans(fixture: &Fixture, watched: &mut Watched) {
    for (number, name) in [(1, "a.h5"), (2, "b.h5")] {
        let (scan, diode) = start(fixture, number, &fixture.file(name)).await;
        send(&diode, &[0.5, 1.5]).await;
        end(scan).await;
        past_scans(watched, number as usize);
    }
    let file = fixture.file("a.h5");
    let holder = testing::hold(&file);
    let (scan, diode) = start(fixture, 3, &file).await;
    watched.program.wait_for("the scan is not lost");
    send(&diode, &[0.0, 1.0, 2.0]).await;
    let trim = format!("XTRIM {} MINID 2", diode.key());
    redis_call(&fixture.server.url(), &trim).await;
    end(scan).await;
    drop(holder);
    past_scans(watched, 3);
}

async fn is_listed_by_the_next_writer(options: &[&str]) {
    let fixture = Fixture::new().await;
    let mut watched = fixture.run(options);
    save_scans(&fixture, &mut watched).await;
    let before = past_scans(&watched, 3);
    assert_eq!(
        (&before[0]["outcome"], &before[0]["lost"]),
        (&json!("incomplete"), &json!(2))
    );
    watched.end();

    let watched = fixture.run(options);
    let after = past_scans(&watched, 3);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(facts(after), facts(before));
        // The file does not say how many bytes came.
        assert_eq!(after["bytes"], Json::Null);
        let key = after["key"].as_str().unwrap();
        assert_eq!(watched.json(&path_of(key, ""))["outcome"], after["outcome"]);
        let file = after["files"][0]["id"].as_str().unwrap();
        watched.json(&format!("/api/v1/files/{file}"));
    }
    let found = watched.json("/api/v1/scans?text=samy&outcome=complete&limit=1");
    assert_eq!(found["scans"][0]["name"], "2_loopscan");
    let next = format!("{ENDED}&before={}", found["next"]);
    assert_eq!(watched.json(&next)["scans"][0]["name"], "1_loopscan");
    // Scans of this process are newer.
    fixture.scan("demo", &fixture.file("c.h5")).await;
    let all = past_scans(&watched, 4);
    assert_eq!(facts(&all[1]), facts(&before[0]));
    watched.end();
}

#[tokio::test]
async fn what_earlier_writers_have_saved_in_the_published_layout_is_listed() {
    is_listed_by_the_next_writer(&["--spool-size=0", "--layout=h5maps"]).await;
}

#[tokio::test]
async fn what_earlier_writers_have_saved_in_the_classic_layout_is_listed() {
    is_listed_by_the_next_writer(&["--spool-size=0", "--layout=classic"]).await;
}

#[tokio::test]
async fn a_scan_that_is_continued_is_listed_once() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    fixture.scan("demo", &fixture.file("a.h5")).await;
    past_scans(&watched, 1);
    let (scan, diode) = fixture.start_scan("demo", &fixture.file("b.h5")).await;
    send(&diode, &[0.0]).await;
    watched.wait_for_metrics("a point in the file", |metrics| {
        metrics.get("nexus_writer_points_written_total{session=\"demo\"}") == Some(4.0)
    });
    watched.program.signal("KILL");
    watched.program.end();

    let watched = fixture.run(&[]);
    send(&diode, &[1.0]).await;
    end(scan).await;
    let scans = past_scans(&watched, 2);
    assert_ne!(scans[0]["key"], scans[1]["key"]);
    assert_eq!(scans[0]["points"], 2);
    watched.end();
}

#[tokio::test]
async fn scans_of_other_sessions_and_without_files_are_not_listed() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    for (number, session) in ["other", "demo", "demo"].into_iter().enumerate() {
        fixture
            .scan(session, &fixture.file(&format!("{number}.h5")))
            .await;
        past_scans(&watched, number + 1);
    }
    watched.end();
    std::fs::remove_file(fixture.file("2.h5")).unwrap();
    let mut command = std::process::Command::new(crate::fixture::WRITER);
    command.args(["session", "demo", "--http-listen=127.0.0.1:0"]);
    command.env("REDIS_DATA_URL", fixture.url());
    let mut watched = Watched::start(&mut command);
    watched.program.wait_for("subscribed");
    // They are listed from the newest one.
    let scans = past_scans(&watched, 1);
    let file = scans[0]["files"][0]["path"].as_str().unwrap();
    assert_eq!(file, fixture.file("1.h5").to_str().unwrap());
    fixture.scan("demo", &fixture.file("3.h5")).await;
    past_scans(&watched, 2);
    watched.end();
}
