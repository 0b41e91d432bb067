//! What a writer tells while its disk is full: one that is mounted for the test.

use std::ops::Range;
use std::path::Path;

use serde_json::json;
use simulation::publish::{ScanPublisher, StreamPublisher};
use testing::{MemoryDisk, Metrics, runs_in_own_mounts};

use crate::fixture::{Fixture, Watched, end};

const POINTS_WRITTEN: &str = "nexus_writer_points_written_total{session=\"demo\"}";
const LAG_POINTS: &str = "nexus_writer_lag_points{session=\"demo\"}";
const LAG_SECONDS: &str = "nexus_writer_lag_seconds{session=\"demo\"}";
const READY: &str = "nexus_writer_ready";

/// Size of a spectrum.
const SIZE: u64 = 40_000;

async fn start_spectra(fixture: &Fixture, file: &Path) -> (ScanPublisher, StreamPublisher) {
    let mca = ("mca", "<u2", &[SIZE][..]);
    let (scan, mut streams) = fixture.start("demo", file, 1, json!({}), &[mca]).await;
    (scan, streams.remove(0))
}

/// Returns a spectrum that no filter makes smaller.
fn spectrum(index: u64) -> Vec<u16> {
    let mut random = fastrand::Rng::with_seed(index);
    (0..SIZE).map(|_| random.u16(..)).collect()
}

async fn send_spectra(mca: &StreamPublisher, indices: Range<u64>) {
    for index in indices {
        let bytes: Vec<u8> = spectrum(index)
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect();
        mca.send(&bytes, 1).await.unwrap();
    }
    mca.settle().await.unwrap();
}

/// Returns the name of the series of the room on a disk.
fn room_on(disk: &Path) -> String {
    format!(
        "nexus_writer_disk_free_bytes{{path=\"{}\"}}",
        disk.display()
    )
}

fn scans(metrics: &Metrics, outcome: &str) -> f64 {
    metrics.value(&format!(
        "nexus_writer_scans_total{{session=\"demo\",outcome=\"{outcome}\"}}"
    ))
}

/// Waits until the writer has written this number of points.
fn wait_for_points(watched: &Watched, points: f64) -> Metrics {
    watched.wait_for_metrics("points in the file", |metrics| {
        metrics.get(POINTS_WRITTEN) == Some(points) && metrics.get(LAG_POINTS) == Some(0.0)
    })
}

#[tokio::test]
async fn a_full_disk_is_seen_until_it_has_room() {
    if runs_in_own_mounts("full_disk::a_full_disk_is_seen_until_it_has_room", false) {
        return;
    }
    let fixture = Fixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    let disk = MemoryDisk::mount(folder.path());
    let room = room_on(disk.folder());
    let watched = fixture.run(&[]);
    let file = disk.folder().join("a.h5");
    let (scan, mca) = start_spectra(&fixture, &file).await;
    send_spectra(&mca, 0..3).await;
    wait_for_points(&watched, 3.0);
    let before = watched.wait_for_metrics("room", |metrics| {
        metrics.get(&room).is_some_and(|room| room > 5e8)
    });
    assert_eq!(before.value(READY), 1.0);

    disk.limit(0);
    send_spectra(&mca, 3..30).await;
    // What the file has is as it was at the last commit, so some blocks are free again.
    watched.wait_for_metrics("a full disk", |metrics| {
        metrics.value(&room) < 2e6 && metrics.value(READY) == 0.0
    });
    let full = watched.wait_for_metrics("a lag", |metrics| {
        metrics.value(LAG_POINTS) > 0.0 && metrics.value(LAG_SECONDS) > 1.0
    });
    // The scan is not lost: it waits.
    for outcome in ["failed", "incomplete"] {
        assert_eq!(scans(&full, outcome), 0.0, "{outcome}");
    }
    let text = watched.wait_for_check("disk", false);
    assert!(text.contains("are required"), "{text}");
    assert_eq!(watched.get("/livez").status, 200);
    let state = watched.wait_for_json("/api/v1/state", |state| {
        state["scans"][0]["state"] == "waiting"
    });
    let reason = state["scans"][0]["text"].as_str().unwrap();
    assert!(reason.contains("space"), "{reason}");

    disk.make_room();
    watched.wait_ready(true);
    send_spectra(&mca, 30..31).await;
    end(scan).await;
    let after = watched.wait_for_metrics("a complete scan", |metrics| {
        scans(metrics, "complete") == 1.0 && metrics.value(&room) > 5e8
    });
    assert_eq!(after.value(LAG_POINTS), 0.0);
    assert_eq!(after.value(LAG_SECONDS), 0.0);
    watched.wait_for_check("disk", true);
    let spectra = testing::read(&file, &["mca"]);
    let expected: Vec<_> = (0..31).map(spectrum).collect();
    assert!(spectra[0] == json!(expected), "not all spectra are there");
    watched.end();
}

#[tokio::test]
async fn a_scan_that_may_not_wait_for_room_is_a_failure() {
    if runs_in_own_mounts(
        "full_disk::a_scan_that_may_not_wait_for_room_is_a_failure",
        false,
    ) {
        return;
    }
    let fixture = Fixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    let disk = MemoryDisk::mount(folder.path());
    let watched = fixture.run(&["--retry-time=0", "--required-disk-space=0"]);
    let file = disk.folder().join("a.h5");
    let (scan, mca) = start_spectra(&fixture, &file).await;
    send_spectra(&mca, 0..1).await;
    wait_for_points(&watched, 1.0);
    disk.limit(0);
    send_spectra(&mca, 1..30).await;
    end(scan).await;
    watched.wait_for_metrics("a lost scan", |metrics| {
        scans(metrics, "incomplete") + scans(metrics, "failed") == 1.0
            && metrics.value("nexus_writer_failures_total{kind=\"disk_full\"}") > 0.0
            && metrics.value(LAG_POINTS) == 0.0
    });
    // What has failed stays counted, but does not happen again.
    disk.make_room();
    fixture.scan("demo", &disk.folder().join("b.h5")).await;
    let after = watched.wait_for_metrics("a complete scan", |metrics| {
        scans(metrics, "complete") == 1.0
    });
    assert_eq!(scans(&after, "incomplete") + scans(&after, "failed"), 1.0);
    watched.end();
}
