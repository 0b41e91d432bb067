//! Several writers of one session, and scans that share files.

use std::process::Command;

use serde_json::json;
use testing::{Program, wait_until_read};

use crate::fixture::{Fixture, WRITER, diode, end, read, send, stream};

#[tokio::test]
async fn two_writers_share_one_file_and_lose_nothing() {
    const SCANS: usize = 40;
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut writers = [fixture.run(), fixture.run()];
    let names: Vec<String> = (0..SCANS).map(|number| format!("scan{number}")).collect();
    for name in &names {
        let mut children = json!({});
        children[name] = stream("diode");
        fixture.scan_with(&file, children).await;
    }
    let paths: Vec<&str> = names.iter().map(String::as_str).collect();
    wait_until_read(&file, &paths, &json!(vec![[0.0, 1.0, 2.0]; SCANS])).await;
    let mut finished = 0;
    for writer in &mut writers {
        writer.signal("TERM");
    }
    for writer in writers {
        let (status, log) = writer.end();
        assert!(status.success() && !log.contains("FAILED"), "{log}");
        finished += log.matches("Finished writing").count();
    }
    assert_eq!(finished, SCANS, "each scan is saved once");
}

#[tokio::test]
async fn the_file_of_a_killed_writer_passes_to_another_one() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut first = fixture.run();
    let mut scan = fixture
        .create(&file, json!({"live": stream("diode")}))
        .await;
    let diode = diode(&mut scan).await;
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    send(&diode, &[0.0, 1.0]).await;
    first.wait_for("start saving");
    wait_until_read(&file, &["live"], &json!([[0.0, 1.0]])).await;

    // The first writer has the file, so the other one cannot write it.
    let key = fixture
        .scan_with(&file, json!({"short": stream("diode")}))
        .await;
    let mut other = Program::start(Command::new(WRITER).args([
        "save",
        "--retry-time=3600",
        &fixture.url(),
        &key,
    ]));
    first.wait_for("Finished writing");
    other.wait_for("is written by another writer");
    let mut second = fixture.run();
    first.signal("KILL");
    first.end();
    assert!(other.end().0.success());
    send(&diode, &[2.0]).await;
    end(scan).await;
    second.wait_for("Finished writing");
    assert_eq!(
        read(&file, &["live", "short"]),
        json!([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    );
    assert!(!Fixture::end(second).contains("FAILED"));
}

#[tokio::test]
async fn a_scan_that_was_saved_on_request_is_complete_for_the_next_writer() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    // The group of writers exists from now on.
    Fixture::end(fixture.run());
    let key = fixture.good_scan(&file).await;
    assert_eq!(fixture.save(&[&key]).status, Some(0));
    let mut next = fixture.run();
    next.wait_for("Finished writing");
    let log = Fixture::end(next);
    assert!(!log.contains("already exists"), "{log}");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
}

/// A file that nothing more is written into is closed, although the command goes on with other scans.
#[tokio::test]
async fn save_keeps_no_file_longer_than_it_needs_it() {
    let fixture = Fixture::new().await;
    let (shared, other) = (fixture.file("shared.h5"), fixture.file("other.h5"));
    let done = fixture
        .scan_with(&shared, json!({"first": stream("diode")}))
        .await;
    let (live, _diode) = fixture.start_scan(&other).await;
    let mut long = Program::start(Command::new(WRITER).args([
        "save",
        "--log=info",
        &fixture.url(),
        &done,
        &live.key().to_string(),
    ]));
    long.wait_for(&format!("start saving scan={}", live.key()));
    let second = fixture
        .scan_with(&shared, json!({"second": stream("diode")}))
        .await;
    let saved = Program::start(Command::new(WRITER).args([
        "save",
        "--retry-time=20",
        &fixture.url(),
        &second,
    ]));
    let (status, log) = saved.end();
    assert!(status.success(), "{log}");
    end(live).await;
    assert!(long.end().0.success());
    assert_eq!(
        read(&shared, &["first", "second"]),
        json!([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    );
}

#[tokio::test]
async fn the_retry_time_limits_the_wait_for_another_writer() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let key = fixture.good_scan(&file).await;
    fixture.claim_elsewhere(&file).await;
    let mut command = Command::new(WRITER);
    command.args(["save", "--retry-time=1", &fixture.url(), &key]);
    let (status, log) = Program::start_with_output(&mut command).end();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("FAILED") && log.contains("is written by another writer"),
        "{log}"
    );
    assert!(!file.exists());
}
