//! Scans that are published as fast as Redis takes them. A stream keeps about 2,048 entries, so that a writer which falls
//! behind by two seconds loses points.

use std::env;
use std::process::Command;

use crate::fixture::{Fixture, WRITER};

/// Channels beside the positioner and the clocks.
const CHANNELS: usize = 97;

/// Points of each channel, one entry each: more than Redis keeps. `NEXUS_WRITER_NODE_POINTS` changes it.
const POINTS: u64 = 3_000;

#[tokio::test]
async fn a_hundred_channels_at_full_speed_lose_no_point() {
    let points = env::var("NEXUS_WRITER_NODE_POINTS");
    let points = points.map_or(POINTS, |points| points.parse().unwrap());
    let fixture = Fixture::new().await;
    let file = fixture.file("fast.h5");
    let mut running = fixture.session(&["--model", "node"]);
    let mut publisher = Command::new(WRITER);
    publisher.args(["simulate", "--model", "node", "--rate", "0", &fixture.url()]);
    publisher.arg("--file").arg(&file);
    publisher.args(["--channels", &CHANNELS.to_string()]);
    publisher.args(["--points", &points.to_string()]);
    let published = publisher.output().unwrap();
    assert!(
        published.status.success(),
        "{}",
        String::from_utf8_lossy(&published.stderr)
    );
    running.wait_for("Finished writing");
    let log = Fixture::end(running);
    assert!(!log.contains("lost:") && !log.contains("are lost"), "{log}");
    let check = Command::new(WRITER)
        .arg("check")
        .arg(&file)
        .output()
        .unwrap();
    let report = String::from_utf8(check.stdout).unwrap();
    assert!(check.status.success(), "{report}");
    let all = (CHANNELS as u64 + 3) * points;
    assert!(
        report.contains(&format!("{} streams, {all} points", CHANNELS + 3)),
        "{report}"
    );
}
