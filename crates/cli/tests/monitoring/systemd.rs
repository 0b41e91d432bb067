//! What systemd learns.

use std::process::Command;
use std::time::Duration;

use blissdata::store::DataStore;
use testing::{HeldThread, Program, RationedDisk, ServiceManager};

use crate::fixture::{Fixture, WRITER, end, run, send, wait_until};

/// Longer than a thread may be silent.
const SILENCE: Duration = Duration::from_secs(11);

/// Starts `run` under systemd, with a watchdog.
fn supervised(manager: &ServiceManager, url: &str) -> Program {
    let mut command = run(url);
    command.env("WATCHDOG_USEC", "900000");
    Program::start(manager.supervise(&mut command))
}

#[tokio::test]
async fn a_service_is_ready_when_scans_are_taken() {
    let mut fixture = Fixture::new().await;
    fixture.server.stop();
    let mut manager = ServiceManager::new();
    let program = supervised(&manager, &fixture.url());
    manager.wait_for("STATUS=starting; waiting for Redis: ");
    let before = manager.lines_within(Duration::ZERO);
    assert!(!before.contains(&"READY=1".to_owned()), "{before:?}");
    fixture.server.restart_blocking().unwrap();
    simulation::initialise(&fixture.store).await.unwrap();
    manager.wait_for("READY=1");
    manager.wait_for("STATUS=no scan");
    manager.wait_for("WATCHDOG=1");
    fixture.store = DataStore::connect(&fixture.server.url()).await.unwrap();
    let (scan, diode) = fixture.start_scan("demo", &fixture.file("a.h5")).await;
    send(&diode, &[0.0]).await;
    let status = manager.wait_for("STATUS=1 scan, ");
    assert!(status.ends_with(" s behind"), "{status}");
    end(scan).await;
    manager.wait_for("STATUS=no scan; last: 1_loopscan complete");
    program.signal("TERM");
    manager.wait_for("STOPPING=1");
    let (status, log) = program.end();
    assert!(status.success(), "{log}");
}

#[tokio::test]
async fn a_stuck_hub_is_not_reported_alive() {
    let fixture = Fixture::new().await;
    let mut manager = ServiceManager::new();
    let mut program = supervised(&manager, &fixture.url());
    manager.wait_for("READY=1");
    let held = HeldThread::hold(program.id());
    program.wait_for("the thread main has not moved for");
    manager.lines_within(Duration::ZERO);
    let lines = manager.lines_within(Duration::from_secs(2));
    assert!(!lines.contains(&"WATCHDOG=1".to_owned()), "{lines:?}");
    drop(held);
    manager.wait_for("WATCHDOG=1");
    program.signal("TERM");
    assert!(program.end().0.success());
}

#[tokio::test]
async fn a_disk_that_does_not_answer_is_no_reason_to_restart() {
    let fixture = Fixture::new().await;
    let mut manager = ServiceManager::new();
    let file = fixture.file("a.h5");
    let disk = RationedDisk::new(file.parent().unwrap());
    let program = disk.run(|| supervised(&manager, &fixture.url()));
    manager.wait_for("READY=1");
    disk.be_silent();
    let (scan, diode) = fixture.start_scan("demo", &file).await;
    send(&diode, &[0.0]).await;
    wait_until("a call that waits", || disk.waiting() > 0);
    manager.lines_within(SILENCE);
    // Longer than a thread may be silent that does not call a disk.
    manager.wait_for("WATCHDOG=1");
    program.signal("TERM");
    manager.wait_for("STOPPING=1");
    // What has to be saved takes its time.
    manager.wait_for("EXTEND_TIMEOUT_USEC=30000000");
    manager.wait_for("EXTEND_TIMEOUT_USEC=30000000");
    disk.answer_again();
    end(scan).await;
    let (status, log) = program.end();
    assert!(status.success(), "{log}");
}

#[test]
fn systemd_is_told_also_without_http() {
    let mut manager = ServiceManager::new();
    let mut command = Command::new(WRITER);
    command.args(["run", "redis://127.0.0.1:1", "--http-listen=off"]);
    let program = Program::start(manager.supervise(&mut command));
    let status = manager.wait_for("STATUS=");
    assert!(status.contains("waiting for Redis"), "{status}");
    let lines = manager.lines_within(Duration::from_secs(1));
    assert!(!lines.contains(&"WATCHDOG=1".to_owned()), "{lines:?}");
    program.signal("TERM");
    assert!(program.end().0.success());
}
