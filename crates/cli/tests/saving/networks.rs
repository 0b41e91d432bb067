//! Networks between the writer and Redis that are slow, or lose packets.

use std::process::Command;
use std::time::Duration;

use redis_client::RedisUrl;
use serde_json::json;
use testing::{NetworkPath, Program, wait_until_read};

use crate::fixture::{Fixture, WRITER, end, read, send};

/// Starts `run` behind a network, and waits until it has subscribed.
pub fn run_behind(url: &RedisUrl) -> Program {
    let mut running = Program::start(Command::new(WRITER).args(["run", &url.with_secrets()]));
    running.wait_for("subscribed");
    running
}

/// Members that have died are asked for one after the other, which must not keep scans waiting.
#[tokio::test]
async fn long_round_trips_and_dead_writers_delay_no_scan_for_good() {
    const DEAD: usize = 3;
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut dead: Vec<Program> = (0..DEAD).map(|_| fixture.run()).collect();
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0]).await;
    wait_until_read(&file, &["diode"], &json!([[0.0]])).await;
    for writer in dead.drain(..) {
        writer.signal("KILL");
        writer.end();
    }
    let path = NetworkPath::to(&fixture.server, Duration::from_millis(150), 0);
    let mut running = run_behind(&path.url());
    let files: Vec<_> = (0..5).map(|n| fixture.file(&format!("{n}.h5"))).collect();
    for file in &files {
        fixture.good_scan(file).await;
    }
    send(&diode, &[1.0, 2.0]).await;
    end(scan).await;
    for file in files.iter().chain([&file]) {
        running.wait_for(&format!("Finished writing to '{}'", file.display()));
        assert_eq!(read(file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    }
    Fixture::end(running);
}

#[tokio::test]
async fn lost_packets_lose_no_point() {
    let fixture = Fixture::new().await;
    let path = NetworkPath::to(&fixture.server, Duration::from_millis(2), 10);
    let mut running = run_behind(&path.url());
    let file = fixture.file("a.h5");
    let (scan, diode) = fixture.start_scan(&file).await;
    let points: Vec<f64> = (0..200).map(f64::from).collect();
    for points in points.chunks(5) {
        send(&diode, points).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    end(scan).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([points]));
    Fixture::end(running);
}

/// Claims that are not released before the end would keep other writers waiting for a minute.
#[tokio::test]
async fn a_stop_behind_long_round_trips_releases_all_claims() {
    const SCANS: usize = 20;
    let fixture = Fixture::new().await;
    let path = NetworkPath::to(&fixture.server, Duration::from_millis(150), 0);
    let mut running = run_behind(&path.url());
    let mut scans = Vec::new();
    for number in 0..SCANS {
        let file = fixture.file(&format!("{number}.h5"));
        scans.push(fixture.start_scan(&file).await);
    }
    for (scan, _) in &scans {
        running.wait_for(&format!("start saving scan={}", scan.key()));
    }
    assert_eq!(fixture.claims().await, SCANS);
    let log = Fixture::end(running);
    assert_eq!(log.matches("INCOMPLETE in '").count(), SCANS);
    assert!(!log.contains("cannot leave"), "{log}");
    assert_eq!(fixture.claims().await, 0);
}
