//! Each metric moves when its cause happens.

use std::collections::HashSet;

use testing::{Metrics, RationedDisk, fill_to_tracker_threshold, parse_metrics};

use crate::fixture::{Fixture, Watched, end, run, send, without_redis};

#[tokio::test]
async fn the_metrics_are_open_metrics() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    watched.get("/metrics");
    fixture.scan("de\"m\\o\n", &fixture.file("a.h5")).await;
    watched.wait_for_metrics("a disk", |metrics| {
        metrics.sum("nexus_writer_scans_total") > 0.0
            && metrics.sum("nexus_writer_disk_free_bytes") > 0.0
    });
    let answer = watched.get("/metrics");
    assert_eq!(
        answer.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let families = parse_metrics(&answer.body);
    for family in &families {
        assert!(!family.help.is_empty(), "{}", family.name);
        assert!(family.name.ends_with(&family.unit), "{}", family.name);
    }
    let build = families
        .iter()
        .find(|family| family.kind == "info")
        .unwrap();
    assert_eq!(build.name, "nexus_writer_build");
    assert_eq!(build.samples[0].1["version"], env!("CARGO_PKG_VERSION"));
    assert!(build.samples[0].1["hdf5"].starts_with("1."));
    let scans = families
        .iter()
        .find(|family| family.name == "nexus_writer_scans");
    let sessions = scans.unwrap().samples.iter();
    let sessions: HashSet<_> = sessions.map(|(_, labels, _)| &*labels["session"]).collect();
    assert_eq!(sessions, HashSet::from(["de\"m\\o\n"]));
    // All that can be asked for is there.
    let names = families.iter().flat_map(|family| &family.samples);
    let names: HashSet<_> = names.map(|(name, _, _)| &**name).collect();
    for name in web::metric_names() {
        let is_tango = name.starts_with("nexus_writer_tango");
        assert!(is_tango || names.contains(&*name), "{name}");
    }
    watched.end();
}

#[tokio::test]
async fn a_saved_scan_is_counted_on_its_whole_way() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    // Times are measured from now on.
    let before = watched.metrics();
    assert_eq!(before.sum("nexus_writer_hdf5_duration_seconds_count"), 0.0);
    let (scan, diode) = fixture.start_scan("demo", &fixture.file("a.h5")).await;
    send(&diode, &[0.0, 1.0, 2.0]).await;
    watched.wait_for_metrics("a running scan", |metrics| {
        metrics.get("nexus_writer_scans_running{session=\"demo\"}") == Some(1.0)
            && metrics.value("nexus_writer_files_open") == 1.0
            && metrics.value("nexus_writer_group_pending_scans") == 1.0
            && metrics.value("nexus_writer_commit_delay_seconds_count") > 0.0
    });
    end(scan).await;
    let complete = "nexus_writer_scans_total{session=\"demo\",outcome=\"complete\"}";
    let after = watched.wait_for_metrics("a complete scan", |metrics| {
        metrics.get(complete) == Some(1.0)
            && metrics.value("nexus_writer_files_open") == 0.0
            && metrics.value("nexus_writer_group_pending_scans") == 0.0
    });
    let demo = |name: &str| after.value(&format!("nexus_writer_{name}{{session=\"demo\"}}"));
    assert_eq!(demo("scans_running"), 0.0);
    assert_eq!(demo("points_received_total"), 3.0);
    assert_eq!(demo("points_written_total"), 3.0);
    assert_eq!(demo("received_bytes_total"), 24.0);
    assert_eq!(demo("lag_points"), 0.0);
    for (name, labels) in [
        ("scan_duration_seconds_count", "{outcome=\"complete\"}"),
        ("hdf5_duration_seconds_count", "{stage=\"open\"}"),
        ("hdf5_duration_seconds_count", "{stage=\"build\"}"),
        ("hdf5_duration_seconds_count", "{stage=\"write\"}"),
        ("hdf5_duration_seconds_count", "{stage=\"flush\"}"),
        ("hdf5_duration_seconds_count", "{stage=\"close\"}"),
        ("hdf5_busy_seconds_total", ""),
        ("written_bytes_total", "{session=\"demo\"}"),
        ("redis_received_bytes_total", ""),
        ("redis_connections", ""),
        ("redis_memory_used_bytes", ""),
        (
            "redis_command_duration_seconds_count",
            "{command=\"xread\"}",
        ),
        (
            "redis_command_duration_seconds_count",
            "{command=\"json_get\"}",
        ),
        (
            "redis_command_duration_seconds_count",
            "{command=\"other\"}",
        ),
        ("group_members", ""),
        ("queue_limit_bytes", "{queue=\"points\"}"),
        ("queue_limit_bytes", "{queue=\"chunks\"}"),
        ("http_requests_total", "{code=\"2xx\"}"),
        ("ready", ""),
        ("redis_connected", ""),
    ] {
        let series = format!("nexus_writer_{name}{labels}");
        assert!(after.value(&series) > 0.0, "{series}");
    }
    // What has not happened is 0 and not missing: otherwise its first time would not be noticed.
    for outcome in ["failed", "incomplete", "skipped"] {
        let series = format!("nexus_writer_scans_total{{session=\"demo\",outcome=\"{outcome}\"}}");
        assert_eq!(after.value(&series), 0.0);
    }
    for cause in ["trimmed", "expired", "corrupt", "file", "other"] {
        let series =
            format!("nexus_writer_points_lost_total{{session=\"demo\",cause=\"{cause}\"}}");
        assert_eq!(after.value(&series), 0.0);
    }
    assert_eq!(after.sum("nexus_writer_failures_total"), 0.0);
    let margin = after.value("nexus_writer_redis_trim_margin_seconds");
    assert_eq!(margin, f64::INFINITY);
    watched.end();
}

#[tokio::test]
async fn trimmed_points_are_lost() {
    let fixture = Fixture::new().await;
    let mut watched = fixture.run(&["--spool-size=0"]);
    let file = fixture.file("a.h5");
    let (scan, _diode) = fixture.start_scan_with_loss(&mut watched, &file).await;
    end(scan).await;
    let lost = "nexus_writer_points_lost_total{session=\"demo\",cause=\"trimmed\"}";
    let metrics = watched.wait_for_metrics("lost points", |metrics| {
        metrics.get(lost) == Some(2.0)
            && metrics.sum("nexus_writer_scans_total{session=\"demo\",outcome=\"incomplete\"}")
                == 1.0
    });
    assert!(metrics.value("nexus_writer_warnings_total{session=\"demo\"}") >= 0.0);
    watched.end();
}

#[tokio::test]
async fn a_scan_that_cannot_be_saved_is_a_failure() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&["--retry-time=0"]);
    let file = fixture.file("file");
    std::fs::write(&file, "no directory").unwrap();
    fixture.scan("demo", &file.join("a.h5")).await;
    let metrics = watched.wait_for_metrics("a failed scan", |metrics| {
        metrics.sum("nexus_writer_scans_total{session=\"demo\",outcome=\"failed\"}") == 1.0
    });
    assert_eq!(metrics.sum("nexus_writer_failures_total"), 1.0);
    assert_eq!(
        metrics.value("nexus_writer_failures_total{kind=\"permission\"}"),
        1.0
    );
    watched.end();
}

#[tokio::test]
async fn a_full_disk_is_a_failure() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let disk = RationedDisk::new(file.parent().unwrap());
    let mut command = run(&fixture.url());
    command.arg("--retry-time=0");
    let mut watched = disk.run(|| Watched::start(&mut command));
    watched.program.wait_for("subscribed");
    disk.limit(0, libc::ENOSPC);
    fixture.scan("demo", &file).await;
    watched.wait_for_metrics("a failed scan", |metrics| {
        metrics.sum("nexus_writer_scans_total{session=\"demo\",outcome=\"failed\"}") == 1.0
            && metrics.value("nexus_writer_failures_total{kind=\"disk_full\"}") > 0.0
    });
    watched.end();
}

#[tokio::test]
async fn a_locked_file_makes_a_lag_and_a_margin() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&["--spool-size=0"]);
    let file = fixture.file("a.h5");
    let holder = testing::hold(&file);
    let (scan, diode) = fixture.start_scan("demo", &file).await;
    send(&diode, &[0.0, 1.0, 2.0]).await;
    let lag = |metrics: &Metrics| {
        let seconds = metrics.get("nexus_writer_lag_seconds{session=\"demo\"}");
        let points = metrics.get("nexus_writer_lag_points{session=\"demo\"}");
        (seconds.unwrap_or_default(), points.unwrap_or_default())
    };
    watched.wait_for_metrics("a lag", |metrics| {
        lag(metrics).0 > 1.0 && lag(metrics).1 == 3.0
    });
    fill_to_tracker_threshold(&fixture.server.url()).await;
    watched.wait_for_metrics("a margin", |metrics| {
        metrics.value("nexus_writer_redis_trim_margin_seconds") < 180.0
            && metrics.value("nexus_writer_redis_memory_limit_bytes") > 0.0
    });
    drop(holder);
    watched.wait_for_metrics("no lag", |metrics| lag(metrics) == (0.0, 0.0));
    end(scan).await;
    watched.wait_for_metrics("no margin", |metrics| {
        metrics.value("nexus_writer_redis_trim_margin_seconds") == f64::INFINITY
    });
    watched.end();
}

#[tokio::test]
async fn a_redis_that_ends_is_seen() {
    let mut fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    let connected = "nexus_writer_redis_connected";
    watched.wait_for_metrics("a connection", |metrics| metrics.value(connected) == 1.0);
    let before = watched.metrics();
    fixture.server.stop();
    let after = watched.wait_for_metrics("no connection", |metrics| {
        metrics.value(connected) == 0.0 && metrics.value("nexus_writer_ready") == 0.0
    });
    let failures = |metrics: &Metrics| metrics.sum("nexus_writer_redis_reconnects_total");
    assert!(failures(&after) > failures(&before));
    assert!(after.value("nexus_writer_redis_reconnects_total{cause=\"closed\"}") > 0.0);
    fixture.server.restart_blocking().unwrap();
    // It is empty, and BLISS prepares it.
    simulation::initialise(&fixture.store).await.unwrap();
    watched.wait_for_metrics("a connection", |metrics| metrics.value(connected) == 1.0);
    watched.end();
}

#[test]
fn the_process_has_one_thread_more_for_all_clients() {
    let watched = without_redis(&[]);
    let count = |watched: &Watched| watched.metrics().value("process_threads");
    let before = count(&watched);
    let clients: Vec<_> = (0..40)
        .map(|_| std::net::TcpStream::connect(watched.address).unwrap())
        .collect();
    assert_eq!(count(&watched), before);
    assert_eq!(before, watched.program.thread_count() as f64);
    watched.program.wait_for_threads("web", 1);
    drop(clients);
    watched.end();
}
