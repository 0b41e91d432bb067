//! What each alert looks at moves when its cause really happens. `monitoring/nexus-writer.rules.test.yml` tests that the
//! alerts fire then.
//!
//! | alert | cause | test |
//! |---|---|---|
//! | `NexusWriterDown` | the writer is killed | [`a_killed_writer_does_not_answer`] |
//! | `NexusWriterNotReady` | Redis ends | `metrics::a_redis_that_ends_is_seen` |
//! | | Redis hangs | `health::a_redis_that_hangs_is_not_ready` |
//! | | the disk is full | `full_disk::a_full_disk_is_seen_until_it_has_room` |
//! | `NexusWriterScanLost` | Redis drops points | `metrics::trimmed_points_are_lost` |
//! | | the disk is full, and the scan may not wait | `full_disk::a_scan_that_may_not_wait_for_room_is_a_failure` |
//! | | the folder of the file cannot be made | `metrics::a_scan_that_cannot_be_saved_is_a_failure` |
//! | `NexusWriterPointsLost` | Redis drops points | `metrics::trimmed_points_are_lost` |
//! | `NexusWriterTrimSoon` | Redis nears the memory from which on it drops points | `metrics::a_locked_file_makes_a_lag_and_a_margin` |
//! | | the memory of Redis is used up | [`a_redis_without_memory_leaves_no_margin`] |
//! | `NexusWriterBehind` | the file is locked | `metrics::a_locked_file_makes_a_lag_and_a_margin` |
//! | | the disk is full | `full_disk::a_full_disk_is_seen_until_it_has_room` |
//! | `NexusWriterRedisFull` | the memory of Redis is used up | [`a_redis_without_memory_leaves_no_margin`] |
//! | `NexusWriterDiskFull` | the disk is full | `full_disk::a_full_disk_is_seen_until_it_has_room` |

use std::net::TcpStream;

use testing::{Metrics, redis_call};

use crate::fixture::{Fixture, end, send, without_redis};

#[test]
fn a_killed_writer_does_not_answer() {
    let watched = without_redis(&[]);
    assert_eq!(watched.get("/metrics").status, 200);
    let address = watched.address;
    watched.program.signal("KILL");
    watched.program.end();
    TcpStream::connect(address).unwrap_err();
}

#[tokio::test]
async fn a_redis_without_memory_leaves_no_margin() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let holder = testing::hold(&file);
    let watched = fixture.run(&["--spool-size=0"]);
    let (scan, diode) = fixture.start_scan("demo", &file).await;
    send(&diode, &[0.0, 1.0]).await;
    let margin = |metrics: &Metrics| metrics.value("nexus_writer_redis_trim_margin_seconds");
    let fill = |metrics: &Metrics| {
        metrics.value("nexus_writer_redis_memory_used_bytes")
            / metrics.value("nexus_writer_redis_memory_limit_bytes")
    };
    watched.wait_for_metrics("a scan that waits", |metrics| {
        metrics.get("nexus_writer_lag_points{session=\"demo\"}") == Some(2.0)
            && margin(metrics) == f64::INFINITY
    });
    let url = fixture.server.url();
    redis_call(&url, "CONFIG SET maxmemory 1").await;
    watched.wait_for_metrics("no memory", |metrics| {
        margin(metrics) < 60.0 && fill(metrics) > 0.9 && fill(metrics).is_finite()
    });
    redis_call(&url, "CONFIG SET maxmemory 0").await;
    drop(holder);
    end(scan).await;
    watched.wait_for_metrics("a complete scan", |metrics| {
        metrics.value("nexus_writer_scans_total{session=\"demo\",outcome=\"complete\"}") == 1.0
            && margin(metrics) == f64::INFINITY
            && metrics.value("nexus_writer_redis_memory_limit_bytes") == 0.0
    });
    watched.end();
}
