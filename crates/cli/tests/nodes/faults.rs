//! What may go wrong, as far as this data model is concerned: its streams are short, and Redis drops any key.

use std::process::Command;

use serde_json::json;
use testing::{read, wait_until_read};

use crate::fixture::{Fixture, WRITER, dataset, points};

#[tokio::test]
async fn scans_that_are_created_without_a_writer_are_saved_later() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    fixture.good_scan(&file, 1).await;
    let mut first = fixture.session(&[]);
    let second = fixture.good_scan(&file, 2).await;
    first.wait_for("Finished writing");
    let log = Fixture::end(first);
    assert!(
        log.contains(&second) && !log.contains("1_loopscan"),
        "{log}"
    );
    fixture.good_scan(&file, 3).await;
    let mut next = fixture.session(&[]);
    next.wait_for("Finished writing");
    let log = Fixture::end(next);
    assert!(
        !log.contains("2_loopscan"),
        "a scan that is done comes again: {log}"
    );
    let found = read(&file, &[&dataset(1, 0), &dataset(2, 0), &dataset(3, 0)]);
    assert_eq!(found, json!([null, points(3), points(3)]));
}

#[tokio::test]
async fn a_killed_writer_is_continued() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut killed = fixture.session(&["--model", "node", "--log", "debug"]);
    let mut scan = fixture.start_scan(&file, 1, 3).await;
    scan.send(0..100).await;
    killed.wait_for("readers see what was flushed");
    killed.signal("KILL");
    killed.end();
    scan.send(100..200).await;
    let mut next = fixture.session(&[]);
    scan.send(200..300).await;
    scan.end().await;
    next.wait_for("Finished writing");
    let log = Fixture::end(next);
    assert!(!log.contains("lost"), "{log}");
    let datasets = [0, 1, 2].map(|channel| dataset(1, channel));
    let found = read(&file, &datasets.each_ref().map(String::as_str));
    assert_eq!(found, json!([points(300), points(300), points(300)]));
}

#[tokio::test]
async fn two_writers_share_the_scans_and_a_file() {
    const SCANS: u64 = 20;
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut writers = [
        fixture.session(&["--model", "node"]),
        fixture.session(&["--model", "node"]),
    ];
    for number in 1..=SCANS {
        fixture.good_scan(&file, number).await;
    }
    let names: Vec<String> = (1..=SCANS).map(|number| dataset(number, 0)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    wait_until_read(&file, &names, &json!(vec![points(3); names.len()])).await;
    let mut finished = 0;
    for writer in &mut writers {
        writer.signal("TERM");
    }
    for writer in writers {
        let (status, log) = writer.end();
        assert!(status.success() && !log.contains("FAILED"), "{log}");
        finished += log.matches("Finished writing").count();
    }
    assert_eq!(finished as u64, SCANS, "each scan is saved once");
}

#[tokio::test]
async fn points_that_were_trimmed_before_the_writer_came_are_a_hole() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut scan = fixture.start_scan(&file, 1, 1).await;
    scan.send(0..5000).await;
    let key = scan.end().await;
    let (report, log) = fixture.save(&key);
    assert_eq!(report["state"], "INCOMPLETE", "{log}");
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("ctl:diode0"), "{reason}");
    // What is left is at its place.
    let found = read(&file, &[&dataset(1, 0)]);
    let values = found[0].as_array().unwrap();
    assert_eq!(values.len(), 5000);
    assert_eq!(values[4999], json!(4999.0));
    assert_ne!(values[100], json!(100.0));
}

#[tokio::test]
async fn a_redis_that_drops_our_keys_loses_no_scan() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = fixture.session(&["--model", "node"]);
    for number in 1..=3 {
        fixture.good_scan(&file, number).await;
        running.wait_for_count("Finished writing", number as usize);
        let keys = fixture.call("KEYS nexus-writer:*").await;
        for key in keys.as_array().unwrap() {
            fixture
                .call(&format!("DEL {}", key.as_str().unwrap()))
                .await;
        }
    }
    let log = Fixture::end(running);
    assert!(!log.contains("FAILED"), "{log}");
    let names = [1, 2, 3].map(|number| dataset(number, 0));
    let found = read(&file, &names.each_ref().map(String::as_str));
    assert_eq!(found, json!([points(3), points(3), points(3)]));
}

#[tokio::test]
async fn a_redis_that_restarts_empty_is_used_again() {
    let mut fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut running = fixture.session(&["--model", "node"]);
    fixture.good_scan(&file, 1).await;
    running.wait_for("Finished writing");
    fixture.server.stop();
    fixture.server.restart_blocking().unwrap();
    fixture.good_scan(&file, 2).await;
    running.wait_for_count("Finished writing", 2);
    let log = Fixture::end(running);
    assert!(!log.contains("FAILED"), "{log}");
    let found = read(&file, &[&dataset(1, 0), &dataset(2, 0)]);
    assert_eq!(found, json!([points(3), points(3)]));
}

#[tokio::test]
async fn a_stop_on_purpose_leaves_a_hole_that_the_file_tells() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut first = fixture.session(&["--model", "node", "--log", "debug"]);
    let mut scan = fixture.start_scan(&file, 1, 2).await;
    scan.send(0..100).await;
    first.wait_for("readers see what was flushed");
    Fixture::end(first);
    // More than the streams keep.
    scan.send(100..6000).await;
    let mut next = fixture.session(&["--model", "node"]);
    scan.send(6000..6100).await;
    scan.end().await;
    next.wait_for("INCOMPLETE in");
    let log = Fixture::end(next);
    assert!(
        log.contains("ctl:diode0") && log.contains("ctl:diode1"),
        "{log}"
    );
    let found = read(&file, &[&dataset(1, 1), "1.1/end_reason"]);
    let values = found[0].as_array().unwrap();
    assert_eq!(values.len(), 6100);
    assert_eq!((&values[99], &values[6099]), (&json!(99.0), &json!(6099.0)));
    assert_ne!(values[3000], json!(3000.0));
    let mut check = Command::new(WRITER);
    let check = check.args(["check"]).arg(&file).output().unwrap();
    let report = String::from_utf8(check.stdout).unwrap();
    assert!(
        !check.status.success() && report.contains("are lost"),
        "{report}"
    );
}
