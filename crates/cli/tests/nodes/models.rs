//! How a writer finds out which data model a Redis holds.

use std::process::Command;

use redis_client::Value;
use serde_json::json;
use testing::{Program, read};

use crate::fixture::{Fixture, WRITER, dataset, points};

#[tokio::test]
async fn nothing_is_written_before_there_are_nodes() {
    let fixture = Fixture::new().await;
    // Without modules it can only be one of BLISS 1.
    nothing_is_written(&fixture, "subscribed").await;
}

#[tokio::test]
async fn nothing_is_written_before_the_model_is_known() {
    let fixture = Fixture::with_modules().await;
    let reason = "is not initialised for blissdata, and holds no nodes of BLISS 1";
    nothing_is_written(&fixture, reason).await;
}

/// Starts a writer in front of an empty server, which logs a text then, and publishes a scan.
async fn nothing_is_written(fixture: &Fixture, logged: &str) {
    let mut running = fixture.start_session(&[]);
    running.wait_for(logged);
    for database in [0, 1] {
        let url = fixture.server.url().with_database(database);
        let keys = testing::redis_call(&url, "DBSIZE").await;
        assert_eq!(keys, Value::Int(0), "data base {database}");
    }
    // Scans that are created before the writer has found the first node are its own, too.
    let file = fixture.file("a.h5");
    fixture.good_scan(&file, 1).await;
    running.wait_for("the scans are nodes of BLISS 1");
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &[&dataset(1, 0)]), json!([points(3)]));
    Fixture::end(running);
}

#[tokio::test]
async fn a_data_store_of_bliss_2_is_found() {
    let (server, _) = testing::data_store().await;
    let mut command = Command::new(WRITER);
    let mut running = Program::start(command.args(["run", &server.url().with_secrets()]));
    running.wait_for("subscribed");
    assert!(!running.log().contains("BLISS 1"), "{}", running.log());
    Fixture::end(running);
}

#[tokio::test]
async fn another_model_than_the_chosen_one_is_waited_for() {
    let fixture = Fixture::new().await;
    fixture.good_scan(&fixture.file("a.h5"), 1).await;
    let mut running = fixture.start_session(&["--model", "blissdata"]);
    running.wait_for("is not initialised for blissdata");
    running.signal("TERM");
    assert!(running.end().0.success());
    // Nodes can be chosen before there is one.
    fixture.call("FLUSHDB").await;
    let chosen = fixture.session(&["--model", "node"]);
    Fixture::end(chosen);
}

#[tokio::test]
async fn a_scan_is_saved_and_checked_by_its_key() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let key = fixture.good_scan(&file, 7).await;
    let (report, log) = fixture.save(&key);
    assert_eq!(report["state"], "COMPLETE", "{log}");
    assert_eq!(report["key"], json!(key));
    assert_eq!(read(&file, &[&dataset(7, 0)]), json!([points(3)]));

    let mut check = Command::new(WRITER);
    let check = check.args(["check", "--json", "--redis", &fixture.url()]);
    let output = check.arg(&file).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{report}");
    assert_eq!(report["scans"][0]["compared"], 3, "{report}");
}

#[tokio::test]
async fn a_scan_that_does_not_exist_is_reported() {
    let fixture = Fixture::new().await;
    fixture.good_scan(&fixture.file("a.h5"), 1).await;
    let (report, log) = fixture.save("demo:data:2_loopscan");
    assert_eq!(report["state"], "FAILED", "{log}");
    let reason = report["reason"].as_str().unwrap();
    assert!(
        reason.contains("there is no node demo:data:2_loopscan"),
        "{reason}"
    );
    // A key that no node can have is an error of the user.
    let (report, log) = fixture.save("demo::1_loopscan");
    assert!(
        report.is_null() && log.contains("is not the key of a scan"),
        "{log}"
    );
}
