//! Ends of servers.

use std::thread;
use std::time::Duration;

use crate::fixture::{NONE, echo, echo_device};

#[test]
fn signals_end_a_server_in_good_order() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let (server, device) = echo_device();
        device.wait_for_state("ON");
        let (status, log) = server.end(signal);
        assert!(status.success(), "{signal}: {status} {log}");
        assert!(log.contains("Ready to accept request"), "{log}");
        assert!(
            log.contains("a/b/1 is removed") && log.contains(" ended"),
            "{log}"
        );
        assert_eq!(device.state().unwrap_err().kind, "ConnectionFailed");
    }
}

#[test]
fn a_client_may_end_a_server() {
    let (server, _) = echo_device();
    server.admin().call("Kill", NONE).unwrap();
    let (status, log) = server.program.end();
    assert!(status.success(), "{status} {log}");
    assert!(log.contains("a/b/1 is removed"), "{log}");
}

#[test]
fn a_server_that_ends_or_restarts_bears_a_signal() {
    let (server, _) = echo_device();
    server.admin().call("Kill", NONE).unwrap();
    let (status, log) = server.end("TERM");
    assert!(status.success(), "{status} {log}");

    // The signal may come before or after the restart has begun.
    for begun in [true, false, false, false] {
        let (mut server, _) = echo_device();
        server.admin().call("RestartServer", NONE).unwrap();
        if begun {
            server.program.wait_for("a/b/1 is removed");
        }
        let (status, log) = server.end("TERM");
        assert!(status.success(), "{status} {log}");
        assert_eq!(log.matches("a/b/1 is removed").count(), 2, "{log}");
    }
}

#[test]
fn a_server_ends_while_a_client_waits_for_a_command() {
    let (mut server, device) = echo_device();
    let slow = device.with_timeout(Duration::from_secs(100));
    let waits = thread::spawn(move || slow.call("block", NONE));
    server.program.wait_for("a client waits");
    server.program.signal("TERM");
    // The device is not removed yet, because the command of the client still runs.
    device.call("release", NONE).ok();
    let (status, log) = server.program.end();
    assert!(status.success(), "{status} {log}");
    assert!(log.contains("a/b/1 is removed"), "{log}");
    waits.join().unwrap().ok();
}

#[test]
fn a_client_finds_a_server_again_that_was_killed() {
    let (server, device) = echo_device();
    device.wait_for_state("ON");
    let _server = server.crash_and_start();
    device.wait_for_state("ON");
}

#[test]
fn arguments_that_tango_does_not_know_end_the_process() {
    let done = echo()
        .args(["test", "-dlist", "Echo::a/b/1"])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(255));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(!errors.is_empty());
    let done = echo().output().unwrap();
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn a_database_that_is_away_ends_the_process() {
    let done = echo().arg("test").output().unwrap();
    assert_eq!(done.status.code(), Some(255));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(
        errors.contains("Can't build connection to TANGO database"),
        "{errors}"
    );
}

#[test]
fn a_server_that_waits_for_its_database_can_be_ended() {
    let done = echo().args(["--wait", "0.1", "test"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(errors.contains("the database is away"), "{errors}");
}
