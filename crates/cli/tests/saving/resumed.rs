//! Scans whose writer died or was stopped, and that another one continues.

use std::fs;
use std::path::Path;
use std::process::Command;

use redis_client::Command as Resp;
use serde_json::{Value as Json, json};
use simulation::publish::{ScanPublisher, StreamPublisher};
use testing::{Program, wait_until_read};

use crate::classic::{recorded, session, started};
use crate::fixture::{Fixture, WRITER, diode, end, read, send, stream};

const DIODE: &str = "1.1/instrument/diode/signal";
const STATUS: &str = "1.1/writer/status";
const END: &str = "1.1/end_time";
const RECORD: &str = "1.1/writer/data";

/// Saves a scan that is still running.
fn save(fixture: &Fixture, key: &str) -> Program {
    Program::start(Command::new(WRITER).args(["save", &fixture.url(), key]))
}

/// Publishes a scan, and kills its writer when the file has these points.
async fn killed(
    fixture: &Fixture,
    file: &Path,
    points: &[f64],
) -> (ScanPublisher, StreamPublisher) {
    let (scan, diode) = started(fixture, file).await;
    let writer = save(fixture, &scan.key().to_string());
    send(&diode, points).await;
    wait_until_read(file, &[DIODE], &json!([points])).await;
    writer.signal("KILL");
    writer.end();
    (scan, diode)
}

/// Removes the first points of a stream from Redis.
async fn trim(fixture: &Fixture, stream: &StreamPublisher, first: u64) {
    let first = first.to_string();
    let trim = Resp::new("XTRIM")
        .arg(stream.key())
        .arg("MINID")
        .arg(&first);
    fixture.store.call(&trim).await.unwrap();
}

fn record(file: &Path) -> Json {
    let text = read(file, &[RECORD]);
    serde_json::from_str(text[0].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_killed_writer_is_continued_where_its_datasets_end() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, diode) = killed(&fixture, &file, &[0.0, 1.0, 2.0]).await;
    let key = scan.key().to_string();
    assert_eq!(read(&file, &[STATUS, END]), json!(["RUNNING", null]));
    assert_eq!(record(&file)["running"], true);
    // A writer that started again from the beginning would miss these.
    trim(&fixture, &diode, 2).await;
    let mut writer = save(&fixture, &key);
    writer.wait_for("continues what an earlier writer has left");
    send(&diode, &[3.0]).await;
    wait_until_read(&file, &[DIODE], &json!([[0.0, 1.0, 2.0, 3.0]])).await;
    writer.signal("KILL");
    writer.end();
    send(&diode, &[4.0]).await;
    let keys = [end(scan).await];
    let saved = fixture.save(&keys);
    assert_eq!(saved.reports[0]["state"], "COMPLETE", "{}", saved.log);
    assert_eq!(saved.reports[0]["points"], 5);
    let whole = json!([[0.0, 1.0, 2.0, 3.0, 4.0], "SUCCEEDED"]);
    assert_eq!(read(&file, &[DIODE, STATUS]), whole);
    let record = record(&file);
    let stream = recorded(&record, "ctl:diode");
    assert_eq!(record["complete"], true);
    assert_eq!(record["running"], Json::Null);
    for about in ["expected", "received", "written"] {
        assert_eq!(stream[about], 5, "{about}");
    }
    // A complete file is not changed.
    let before = fs::read(&file).unwrap();
    let saved = fixture.save(&keys);
    assert_eq!(saved.reports[0]["state"], "COMPLETE", "{}", saved.log);
    assert_eq!(saved.reports[0]["files"], json!([file]));
    assert!(fs::read(&file).unwrap() == before);
}

#[tokio::test]
async fn a_stopped_writer_leaves_marks_that_vanish() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, diode) = started(&fixture, &file).await;
    let key = scan.key().to_string();
    let writer = save(&fixture, &key);
    send(&diode, &[0.0, 1.0]).await;
    wait_until_read(&file, &[DIODE], &json!([[0.0, 1.0]])).await;
    writer.signal("TERM");
    assert!(!writer.end().0.success());
    let found = read(&file, &[STATUS, END, "1.1/end_reason"]);
    assert_eq!(found[0], "FAILED");
    assert!(found[1].is_string() && found[2].is_string(), "{found}");
    let writer = save(&fixture, &key);
    let running = json!(["RUNNING", null, null]);
    wait_until_read(&file, &[STATUS, END, "1.1/end_reason"], &running).await;
    send(&diode, &[2.0]).await;
    end(scan).await;
    assert!(writer.end().0.success());
    let found = read(&file, &[DIODE, STATUS, END, "1.1/end_reason"]);
    assert_eq!(
        (&found[0], &found[1]),
        (&json!([0.0, 1.0, 2.0]), &json!("SUCCEEDED"))
    );
    assert!(found[2].is_string() && found[3].is_string(), "{found}");
}

#[tokio::test]
async fn a_session_goes_on_with_the_scan_of_the_last_one() {
    for signal in ["TERM", "KILL"] {
        let fixture = Fixture::new().await;
        let file = fixture.file("a.h5");
        let first = session(&fixture);
        let (scan, diode) = started(&fixture, &file).await;
        send(&diode, &[0.0, 1.0]).await;
        wait_until_read(&file, &[DIODE], &json!([[0.0, 1.0]])).await;
        first.signal(signal);
        first.end();
        trim(&fixture, &diode, 2).await;
        send(&diode, &[2.0]).await;
        let mut second = session(&fixture);
        second.wait_for("continues what an earlier writer has left");
        send(&diode, &[3.0]).await;
        end(scan).await;
        second.wait_for("Finished writing");
        second.signal("TERM");
        assert!(second.end().0.success());
        let whole = json!([[0.0, 1.0, 2.0, 3.0], "SUCCEEDED"]);
        assert_eq!(read(&file, &[DIODE, STATUS]), whole, "{signal}");
    }
}

#[tokio::test]
async fn points_that_a_killed_writer_missed_stay_recorded() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, diode) = started(&fixture, &file).await;
    let key = scan.key().to_string();
    send(&diode, &[0.0, 1.0, 2.0]).await;
    trim(&fixture, &diode, 2).await;
    let mut writer = save(&fixture, &key);
    writer.wait_for("Redis no longer has them");
    wait_until_read(&file, &[DIODE], &json!([["nan", "nan", 2.0]])).await;
    writer.signal("KILL");
    writer.end();
    assert_eq!(
        recorded(&record(&file), "ctl:diode")["holes"],
        json!([[0, 2]])
    );
    send(&diode, &[3.0]).await;
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.reports[0]["state"], "INCOMPLETE", "{}", saved.log);
    let found = read(&file, &[DIODE, STATUS]);
    assert_eq!(found, json!([["nan", "nan", 2.0, 3.0], "FAILED"]));
    let stream = recorded(&record(&file), "ctl:diode");
    assert_eq!(stream["holes"], json!([[0, 2]]));
    assert_eq!(
        (&stream["received"], &stream["written"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn a_published_layout_is_continued() {
    let fixture = Fixture::new().await;
    let (file, other) = (fixture.file("a.h5"), fixture.file("b.h5"));
    let entry = json!({"1.1": {"type": "group", "children": {
        "title": "first",
        "diode": {"type": "dataset", "attributes": {"units": "V"}, "value": stream("diode")},
        "link": {"type": "soft_link", "target_path": "diode"},
    }}});
    for signal in ["KILL", "TERM"] {
        for file in [&file, &other] {
            fs::remove_file(file).ok();
        }
        let mut scan = fixture.create(&file, entry.clone()).await;
        // Another file has fewer points of the same stream.
        let root = json!({"type": "group", "children": {"diode": stream("diode")}});
        scan.info_mut()["h5maps"][other.to_str().unwrap()] = root;
        let diode = diode(&mut scan).await;
        scan.prepare().await.unwrap();
        scan.start().await.unwrap();
        let key = scan.key().to_string();
        let writer = save(&fixture, &key);
        send(&diode, &[0.0, 1.0]).await;
        for (file, path) in [(&file, "1.1/link"), (&other, "diode")] {
            wait_until_read(file, &[path], &json!([[0.0, 1.0]])).await;
        }
        writer.signal(signal);
        writer.end();
        fs::remove_file(&other).unwrap();
        send(&diode, &[2.0]).await;
        scan.info_mut()["h5maps"][file.to_str().unwrap()]["children"]["1.1"]["children"]["title"] =
            json!("last");
        scan.info_mut()["h5maps"][file.to_str().unwrap()]["children"]["1.1"]["children"]["end_time"] =
            json!("now");
        let saved = fixture.save(&[end(scan).await]);
        assert_eq!(saved.reports[0]["state"], "COMPLETE", "{}", saved.log);
        let paths = ["1.1/diode", "1.1/link", "1.1/title", "1.1/end_time"];
        let all = json!([0.0, 1.0, 2.0]);
        assert_eq!(
            read(&file, &paths),
            json!([all, all, "last", "now"]),
            "{signal}"
        );
        assert_eq!(read(&other, &["diode"]), json!([all]));
    }
}

#[tokio::test]
async fn a_stream_that_does_not_fit_what_is_there_costs_that_stream() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, _diode) = killed(&fixture, &file, &[0.0, 1.0]).await;
    change(
        &file,
        "del h5['1.1/instrument/diode/signal']; h5['1.1/instrument/diode/signal'] = [7, 8]",
    );
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.reports[0]["state"], "INCOMPLETE", "{}", saved.log);
    let reason = saved.reports[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("cannot go on with what is there"),
        "{reason}"
    );
    assert_eq!(read(&file, &[DIODE, STATUS]), json!([[7, 8], "FAILED"]));
}

#[tokio::test]
async fn a_damaged_file_is_reported_and_not_changed() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, _diode) = killed(&fixture, &file, &[0.0]).await;
    let bytes = fs::read(&file).unwrap();
    // The file has room behind its end while it is written, with a copy of the root group in it.
    let begin = &bytes[..1 << 20];
    let end_of_data = begin.iter().rposition(|byte| *byte != 0).unwrap();
    let damaged = &bytes[..end_of_data / 2];
    fs::write(&file, damaged).unwrap();
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.reports[0]["state"], "FAILED");
    let reason = saved.reports[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("a.h5") && reason.contains("truncated"),
        "{reason}"
    );
    assert!(fs::read(&file).unwrap() == damaged);
}

#[tokio::test]
async fn files_of_version_1_are_continued() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, diode) = killed(&fixture, &file, &[0.0, 1.0, 2.0]).await;
    let key = scan.key().to_string();
    let older = json!({"version": 1, "scan": key, "problems": [], "complete": false, "running": true,
        "streams": [{"stream": "ctl:diode", "path": format!("/{DIODE}"), "expected": null,
            "received": 2, "written": 2, "holes": [[0, 1]]}]});
    change(&file, &format!("h5['{RECORD}'][()] = '{older}'"));
    send(&diode, &[3.0]).await;
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.reports[0]["state"], "INCOMPLETE", "{}", saved.log);
    assert_eq!(
        recorded(&record(&file), "ctl:diode"),
        json!({"path": format!("/{DIODE}"), "expected": 4, "received": 3, "written": 3, "holes": [[0, 1]]})
    );
}

#[tokio::test]
async fn files_of_a_newer_version_are_not_continued() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (scan, diode) = killed(&fixture, &file, &[0.0]).await;
    let mut newer = record(&file);
    newer["version"] = json!(3);
    change(&file, &format!("h5['{RECORD}'][()] = '{newer}'"));
    send(&diode, &[1.0]).await;
    let saved = fixture.save(&[end(scan).await]);
    assert_eq!(saved.reports[0]["state"], "FAILED");
    let reason = saved.reports[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("1.1/writer/data in")
            && reason.contains("version 3, this program reads versions up to 2"),
        "{reason}"
    );
    assert_eq!(read(&file, &[DIODE, STATUS]), json!([[0.0], "RUNNING"]));
    assert_eq!(record(&file), newer);
}

/// Changes a file like another program.
fn change(file: &Path, change: &str) {
    let program = format!("import sys, h5py\nwith h5py.File(sys.argv[1], 'a') as h5: {change}");
    let mut python = testing::python();
    assert!(
        python
            .args(["-c", &program])
            .arg(file)
            .status()
            .unwrap()
            .success()
    );
}
