//! Scans in the classic layout with defects: everything that can be saved is saved, and the file says what
//! is missing.

use std::path::Path;

use blissdata::document::ScanIdentity;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamPublisher};
use testing::Program;

use crate::fixture::{Fixture, WRITER, end, floats, read, send};

const DIODE: &str = "1.1/instrument/diode/signal";
const STATUS: &str = "1.1/writer/status";

/// Returns the info of a scan of three points with these counters, as BLISS 2.2 publishes it.
pub fn info(file: &Path, counters: &[&str]) -> Json {
    let channels: Vec<String> = counters.iter().map(|name| format!("ctl:{name}")).collect();
    let entry = |entry: fn() -> Json| -> serde_json::Map<String, Json> {
        channels
            .iter()
            .map(|name| (name.clone(), entry()))
            .collect()
    };
    json!({
        "save": true, "data_writer": "external", "filename": file, "scan_nb": 1, "name": "1_loopscan",
        "title": "loopscan 3 0.1", "start_time": "2026-11-23T01:02:03+01:00", "npoints": 3,
        "data_dim": 1, "count_time": 0.1, "publisher": "bliss", "publisher_version": "2.2.1",
        "writer_options": {"chunk_options": {}, "separate_scan_files": null},
        "acquisition_chain": {"timer": {"devices": ["1:timer", "2:ctl"]}},
        "devices": {
            "1:timer": {"name": "timer", "channels": [], "triggered_devices": ["2:ctl"]},
            "2:ctl": {"name": "ctl", "channels": channels},
        },
        "channels": entry(|| json!({"device": "2:ctl", "dim": 0, "unit": "V"})),
        "positioners": {"positioners_start": {"roby": 1.5}, "positioners_units": {"roby": "mm"}},
        "scan_meta_categories": [],
        "nexuswriter": {"devices": entry(|| json!({
            "device_type": "samplingcounter", "data_type": "signal",
            "device_info": {"type": "samplingcounter"},
        }))},
    })
}

pub async fn create(fixture: &Fixture, info: Json) -> ScanPublisher {
    let id = ScanIdentity {
        name: "loopscan".to_owned(),
        number: 1,
        data_policy: "None".to_owned(),
        session: Some("demo".to_owned()),
        proposal: None,
        collection: None,
        dataset: None,
        path: info["filename"].as_str().map(str::to_owned),
    };
    ScanPublisher::create(&fixture.store, id, info)
        .await
        .unwrap()
}

pub async fn counter(scan: &mut ScanPublisher, name: &str) -> StreamPublisher {
    scan.add_stream(&format!("ctl:{name}"), floats())
        .await
        .unwrap()
}

/// Starts a scan with one counter.
pub async fn started(fixture: &Fixture, file: &Path) -> (ScanPublisher, StreamPublisher) {
    let mut scan = create(fixture, info(file, &["diode"])).await;
    let diode = counter(&mut scan, "diode").await;
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    (scan, diode)
}

/// Starts the writer of the session by its old name.
pub fn session(fixture: &Fixture) -> Program {
    let mut command = std::process::Command::new(WRITER);
    let mut running = Program::start(command.args(["session", "demo", "--redis", &fixture.url()]));
    running.wait_for("subscribed");
    running
}

/// Returns what a record says about the only place of a stream, with all members that may be left out.
pub fn recorded(record: &Json, stream: &str) -> Json {
    assert_eq!(record["version"], 2);
    let written = &record["streams"][stream];
    let mut place = match written.is_string() {
        true => json!({"path": written}),
        false => written.clone(),
    };
    let points = place.get("points").unwrap_or(&record["points"]).clone();
    let members = place.as_object_mut().unwrap();
    members.remove("points");
    for number in ["expected", "received", "written"] {
        members.entry(number).or_insert_with(|| points.clone());
    }
    members.entry("holes").or_insert(json!([]));
    let folder = record["folder"].as_str().unwrap_or("/");
    let path = format!("{folder}{}", members["path"].as_str().unwrap());
    members["path"] = json!(path);
    place
}

/// Returns the record of completeness in the first entry.
pub fn record(file: &Path) -> Json {
    let read = read(file, &["1.1/writer/type", "1.1/writer/data"]);
    assert_eq!(read[0], "application/json");
    serde_json::from_str(read[1].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_whole_scan_has_a_record_that_says_so() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, diode) = started(&fixture, &file).await;
    send(&diode, &[0.0, 1.0, 2.0]).await;
    let key = end(scan).await;
    assert_eq!(fixture.save(&[&key]).status, Some(0));
    let paths = [DIODE, STATUS, "1.1/end_reason", "1.1/measurement/diode"];
    assert_eq!(
        read(&file, &paths),
        json!([[0.0, 1.0, 2.0], "SUCCEEDED", "SUCCESS", [0.0, 1.0, 2.0]])
    );
    assert_eq!(
        record(&file),
        json!({"version": 2, "scan": key, "complete": true, "folder": "/1.1/instrument/diode/",
            "points": 3, "streams": {"ctl:diode": "signal"}})
    );
    assert_eq!(
        recorded(&record(&file), "ctl:diode"),
        json!({"path": format!("/{DIODE}"), "expected": 3, "received": 3, "written": 3, "holes": []})
    );
}

#[tokio::test]
async fn one_channel_that_cannot_be_read_costs_itself_only() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut scan = create(&fixture, info(&file, &["diode", "words"])).await;
    let diode = counter(&mut scan, "diode").await;
    let words = scan.add_stream("ctl:words", floats().with("plugin", "zarr"));
    words.await.unwrap();
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    send(&diode, &[0.0, 1.0, 2.0]).await;
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.status, Some(1));
    assert_eq!(saved.reports[0]["state"], "INCOMPLETE");
    let paths = [DIODE, STATUS, "1.1/measurement/words"];
    assert_eq!(
        read(&file, &paths),
        json!([[0.0, 1.0, 2.0], "FAILED", null])
    );
    assert_eq!(record(&file)["complete"], false);
}

#[tokio::test]
async fn points_that_redis_has_lost_are_a_hole() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, diode) = started(&fixture, &file).await;
    send(&diode, &[0.0, 1.0, 2.0, 3.0]).await;
    let trim = redis_client::Command::new("XTRIM")
        .arg(diode.key())
        .arg("MINID")
        .arg("2");
    fixture.store.call(&trim).await.unwrap();
    assert_eq!(fixture.save(&[end(scan).await]).status, Some(1));
    assert_eq!(
        read(&file, &[DIODE, STATUS]),
        json!([["nan", "nan", 2.0, 3.0], "FAILED"])
    );
    let stream = recorded(&record(&file), "ctl:diode");
    assert_eq!(stream["holes"], json!([[0, 2]]));
    assert_eq!(
        (&stream["expected"], &stream["written"]),
        (&json!(4), &json!(2))
    );
}

#[tokio::test]
async fn a_scan_that_the_writer_leaves_is_failed_and_has_an_end() {
    let fixture = Fixture::new().await;
    let mut running = session(&fixture);
    let file = fixture.file("a.h5");
    let (scan, diode) = started(&fixture, &file).await;
    running.wait_for("start saving");
    send(&diode, &[0.0, 1.0]).await;
    running.signal("TERM");
    assert!(running.end().0.success());
    let found = read(&file, &[DIODE, STATUS, "1.1/end_time"]);
    assert_eq!(
        (&found[0], &found[1]),
        (&json!([0.0, 1.0]), &json!("FAILED"))
    );
    assert!(found[2].is_string(), "{found}");
    end(scan).await;
}

#[tokio::test]
async fn a_number_that_is_taken_is_refused_and_the_file_let_go() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = session(&fixture);
    for value in [1.0, 2.0] {
        let mut scan = create(&fixture, info(&file, &["diode"])).await;
        let diode = counter(&mut scan, "diode").await;
        scan.prepare().await.unwrap();
        send(&diode, &[value]).await;
        end(scan).await;
        running.wait_for(if value == 1.0 {
            "Finished writing"
        } else {
            // The file is open when the first line about it is logged.
            "FAILED: scan 1.1 already exists"
        });
    }
    // Another writer can open the file at once.
    let mut info = info(&file, &["diode"]);
    info["data_writer"] = json!("nexus");
    info["scan_nb"] = json!(2);
    let mut scan = create(&fixture, info).await;
    let diode = counter(&mut scan, "diode").await;
    scan.prepare().await.unwrap();
    send(&diode, &[3.0]).await;
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.status, Some(0), "{:?}", saved.reports);
    running.signal("TERM");
    assert!(running.end().0.success());
    let paths = [DIODE, STATUS, "2.1/instrument/diode/signal"];
    assert_eq!(read(&file, &paths), json!([[1.0], "SUCCEEDED", [3.0]]));
}

#[tokio::test]
async fn only_scans_that_ask_for_this_writer_are_taken() {
    let fixture = Fixture::new().await;
    let mut running = session(&fixture);
    for (name, writer) in [
        ("a.h5", json!("nexus")),
        ("b.h5", json!(null)),
        ("c.h5", json!("external")),
    ] {
        let mut info = info(&fixture.file(name), &["diode"]);
        info["data_writer"] = writer;
        let mut scan = create(&fixture, info).await;
        let diode = counter(&mut scan, "diode").await;
        scan.prepare().await.unwrap();
        send(&diode, &[1.0]).await;
        end(scan).await;
    }
    running.wait_for("Finished writing");
    running.signal("TERM");
    assert!(running.end().0.success());
    let there = ["a.h5", "b.h5", "c.h5"].map(|name| fixture.file(name).exists());
    assert_eq!(there, [false, false, true]);
}
