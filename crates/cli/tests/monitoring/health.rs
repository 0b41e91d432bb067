//! `/livez` and `/readyz`.

use std::path::Path;
use std::process::Command;

use testing::{HeldThread, RationedDisk};

use crate::fixture::{Fixture, Watched, check, end, run, send, without_redis};

#[tokio::test]
async fn a_writer_without_redis_is_alive_and_not_ready() {
    let mut fixture = Fixture::new().await;
    fixture.server.stop();
    let watched = Watched::start(&mut run(&fixture.url()));
    let text = watched.wait_for_check("redis", false);
    assert!(text.starts_with("waiting for Redis"), "{text}");
    let (status, readiness) = watched.readiness();
    assert_eq!((status, &readiness["ready"]), (503, &false.into()));
    assert_eq!(readiness["phase"], "starting");
    assert_eq!(watched.get("/livez").status, 200);
    fixture.server.restart_blocking().unwrap();
    simulation::initialise(&fixture.store).await.unwrap();
    let readiness = watched.wait_ready(true);
    assert_eq!(readiness["phase"], "started");
    let since = check(&readiness, "redis")["since"].as_str().unwrap();
    chrono::DateTime::parse_from_rfc3339(since).unwrap();
    fixture.server.stop();
    watched.wait_for_check("redis", false);
    assert_eq!(watched.get("/livez").body, "alive\n");
    assert_eq!(watched.get("/healthz").status, 200);
    fixture.server.restart_blocking().unwrap();
    simulation::initialise(&fixture.store).await.unwrap();
    watched.wait_ready(true);
    watched.end();
}

#[tokio::test]
async fn a_redis_that_hangs_is_not_ready() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    watched.wait_ready(true);
    let signal = |name: &str| {
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", fixture.server.pid())])
            .status();
        assert!(kill.unwrap().success());
    };
    signal("STOP");
    let text = watched.wait_for_check("redis", false);
    assert!(text.contains("has not answered for 3 s"), "{text}");
    assert_eq!(watched.get("/livez").status, 200);
    signal("CONT");
    watched.wait_ready(true);
    watched.end();
}

#[tokio::test]
async fn a_disk_without_room_is_not_ready() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&["--required-disk-space=1000000000000"]);
    watched.wait_ready(true);
    fixture.scan("demo", &fixture.file("a.h5")).await;
    let text = watched.wait_for_check("disk", false);
    assert!(text.contains("are required"), "{text}");
    assert_eq!(watched.wait_ready(false)["ready"], false);
    watched.end();
}

#[tokio::test]
async fn a_writer_that_ends_is_not_ready() {
    let fixture = Fixture::new().await;
    let watched = fixture.run(&[]);
    watched.wait_ready(true);
    let file = fixture.file("a.h5");
    let disk = RationedDisk::new(Path::new(file.parent().unwrap()));
    drop(watched);
    // It cannot end while its disk does not answer.
    let mut watched = disk.run(|| Watched::start(&mut run(&fixture.url())));
    watched.program.wait_for("subscribed");
    let (scan, diode) = fixture.start_scan("demo", &file).await;
    send(&diode, &[0.0]).await;
    watched.wait_for_metrics("a running scan", |metrics| {
        metrics.get("nexus_writer_points_written_total{session=\"demo\"}") == Some(1.0)
    });
    disk.be_silent();
    send(&diode, &[1.0]).await;
    crate::fixture::wait_until("a call that waits", || disk.waiting() > 0);
    watched.program.signal("TERM");
    // It may not be ready before that, when its disk has not answered for some time.
    let readiness = watched.wait_for_phase("stopping");
    assert_eq!(readiness["ready"], false);
    assert!(!check(&readiness, "subscribed")["ok"].as_bool().unwrap());
    disk.answer_again();
    end(scan).await;
    let (status, log) = watched.program.end();
    assert!(status.success(), "{log}");
}

/// The hub runs in the main thread, whose number is that of the process.
#[test]
fn a_stuck_hub_is_not_alive() {
    let watched = without_redis(&[]);
    assert_eq!(watched.get("/livez").status, 200);
    let held = HeldThread::hold(watched.program.id());
    crate::fixture::wait_until("a stuck thread", || watched.get("/livez").status == 503);
    let answer = watched.get("/healthz");
    assert!(
        answer.body.contains("the thread main has not moved for"),
        "{}",
        answer.body
    );
    drop(held);
    crate::fixture::wait_until("a thread that moves", || {
        watched.get("/livez").status == 200
    });
    watched.end();
}
