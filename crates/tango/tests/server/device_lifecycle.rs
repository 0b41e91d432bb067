//! Devices are initialised, fail, are restarted and removed.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::fixture::{EchoServer, NONE, echo_device};

#[test]
fn a_device_that_refuses_init_stays_as_it_is() {
    let (_server, device) = echo_device();
    device.write("count", 7).unwrap();
    device.call("refuse_init", true).unwrap();
    let failure = device.call("Init", NONE).unwrap_err();
    let reasons: Vec<_> = failure.errors.iter().map(|error| &error.reason).collect();
    assert_eq!(
        reasons,
        [
            "PyDs_PythonError",
            "API_InitThrowsException",
            "API_CommandFailed"
        ]
    );
    assert_eq!(failure.first().desc, "RuntimeError: not now\n");
    assert_eq!(device.state().unwrap(), "ON");
    assert_eq!(device.read("count").unwrap(), 7);
    device.call("refuse_init", false).unwrap();
    device.call("Init", NONE).unwrap();
    assert_eq!(device.read("count").unwrap(), 7);
}

#[test]
fn a_device_that_cannot_be_made_is_in_fault_until_init_makes_it() {
    let mut wrong = std::path::PathBuf::new();
    let server = EchoServer::with_file(|directory| {
        wrong = directory.join("wrong");
        std::fs::write(&wrong, "").unwrap();
        format!(
            "echo/test/DEVICE/Echo: \"a/b/1\"\necho/test/DEVICE/Silent: \"s/s/1\"\n\
             s/s/1->unless: \"{}\"\na/b/1->motto: \"good\",\"morning\"\n",
            wrong.display()
        )
    });
    let (device, silent) = (server.device("a/b/1"), server.device("s/s/1"));
    assert_eq!(device.read("motto").unwrap(), "good morning");
    assert_eq!(
        device.call("property", "motto").unwrap(),
        json!(["good", "morning"])
    );
    assert_eq!(device.call("property", "refrain").unwrap(), json!([]));

    let why = format!("ValueError: {} is there", wrong.display());
    assert_eq!(silent.state().unwrap(), "FAULT");
    assert_eq!(silent.status().unwrap(), why);
    let failure = silent.call("Init", NONE).unwrap_err();
    assert_eq!(failure.desc(), why);
    assert!(failure.has_reason("API_InitThrowsException"));
    assert_eq!(silent.state().unwrap(), "FAULT");
    std::fs::remove_file(&wrong).unwrap();
    silent.call("Init", NONE).unwrap();
    assert_eq!(silent.state().unwrap(), "ON");
    assert_eq!(silent.status().unwrap(), "silent");
}

#[test]
fn a_restarted_device_is_removed_and_made_anew() {
    let (mut server, device) = echo_device();
    device.write("count", 7).unwrap();
    server.admin().call("DevRestart", "a/b/1").unwrap();
    server.program.wait_for("a/b/1 is removed");
    assert_eq!(device.read("count").unwrap(), 0);
    assert_eq!(device.state().unwrap(), "ON");
    let (_, log) = server.end("TERM");
    assert_eq!(log.matches("a/b/1 is made").count(), 2, "{log}");
    assert_eq!(log.matches("a/b/1 is removed").count(), 2, "{log}");
    let (removed, made) = (
        log.find("is removed").unwrap(),
        log.rfind("is made").unwrap(),
    );
    assert!(removed < made, "{log}");
}

#[test]
fn a_device_is_removed_first_also_if_a_client_waits_for_it() {
    let (mut server, device) = echo_device();
    let slow = device.with_timeout(Duration::from_secs(100));
    let waits = thread::spawn(move || slow.call("block", NONE));
    server.program.wait_for("a client waits");
    server.admin().call("DevRestart", "a/b/1").unwrap();
    // The device is removed, and ends the call of the client.
    assert_eq!(waits.join().unwrap().unwrap(), NONE);
    device.wait_for_state("ON");
    let (_, log) = server.end("TERM");
    let (removed, made) = (
        log.find("is removed").unwrap(),
        log.rfind("is made").unwrap(),
    );
    assert!(removed < made, "{log}");
}

#[test]
fn a_restarted_server_makes_all_devices_anew() {
    let server = EchoServer::start("Echo::a/b/1,Silent::s/s/1");
    let (device, silent) = (server.device("a/b/1"), server.device("s/s/1"));
    device.write("count", 7).unwrap();
    assert_eq!(silent.state().unwrap(), "ON");
    server.admin().call("RestartServer", NONE).unwrap();
    device.wait_until("made anew", |device| {
        device.read("count").is_ok_and(|it| it == 0)
    });
    silent.wait_for_state("ON");
    let (status, log) = server.end("TERM");
    assert!(status.success(), "{log}");
    assert_eq!(log.matches("a/b/1 is removed").count(), 2, "{log}");
    assert_eq!(
        log.matches("a silent device is removed").count(),
        2,
        "{log}"
    );
}
