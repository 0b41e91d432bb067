//! Servers and their database.

use serde_json::json;
use testing::{Program, TangoDatabaseServer, TangoDevice};

use crate::fixture::{NONE, echo};

fn start(database: &TangoDatabaseServer, arguments: &[&str]) -> Program {
    let mut command = echo();
    command.env("TANGO_HOST", database.host()).args(arguments);
    Program::start_with_output(&mut command)
}

fn registered(database: &TangoDatabaseServer) -> TangoDevice {
    let device = database.client().device("a/b/1");
    device.add("echo/test", "Echo").unwrap();
    device
        .put_properties(json!({"motto": ["good", "morning"]}))
        .unwrap();
    device
}

#[test]
fn the_database_knows_when_a_device_is_there() {
    let database = TangoDatabaseServer::new();
    let device = registered(&database);
    let mut server = start(&database, &["test"]);
    server.wait_for("signals are handled");
    assert!(device.exported().unwrap());
    assert_eq!(device.read("motto").unwrap(), "good morning");
    device
        .put_properties(json!({"motto": "good night"}))
        .unwrap();
    assert_eq!(device.read("motto").unwrap(), "good morning");
    device.call("Init", NONE).unwrap();
    assert_eq!(device.read("motto").unwrap(), "good night");
    device.put_properties(json!({"motto": null})).unwrap();
    device.call("Init", NONE).unwrap();
    assert_eq!(device.read("motto").unwrap(), "hello");
    server.signal("TERM");
    let (status, log) = server.end();
    assert!(status.success(), "{log}");
    assert!(!device.exported().unwrap());
}

#[test]
fn a_server_waits_for_its_database() {
    let mut database = TangoDatabaseServer::new();
    let device = registered(&database);
    database.stop();
    let mut server = start(&database, &["--wait", "100", "test"]);
    server.wait_for("connects");
    database.start();
    server.wait_for("Ready to accept request");
    device.wait_for_state("ON");
    assert_eq!(device.read("motto").unwrap(), "good morning");
}

#[test]
fn a_database_that_has_lost_the_exports_receives_them_again() {
    let mut database = TangoDatabaseServer::beacon(
        "- {server: echo, personal_name: test, device: [{tango_name: a/b/1, class: Echo}]}",
    );
    let device = database.client().device("a/b/1");
    let mut server = start(&database, &["test"]);
    server.wait_for("signals are handled");
    assert_eq!(device.read("motto").unwrap(), "hello");
    database.stop();
    database.start();
    server.wait_for("had forgotten");
    // A client that has never connected to the device, and needs its device of administration for events.
    let device = database.client().device("a/b/1");
    assert_eq!(device.read("motto").unwrap(), "hello");
    device.subscribe("State").unwrap();
    assert_eq!(device.event("State").unwrap(), "ON");
    server.signal("TERM");
    let (status, log) = server.end();
    assert!(status.success(), "{log}");
    assert!(!device.exported().unwrap());
}

#[test]
fn a_device_knows_a_property_that_is_not_set_from_a_database_that_is_away() {
    let mut database = TangoDatabaseServer::new();
    let device = registered(&database);
    let mut server = start(&database, &["test"]);
    server.wait_for("signals are handled");
    assert_eq!(device.call("property", "refrain").unwrap(), json!([]));
    database.stop();
    let failure = device.call("property", "motto").unwrap_err();
    assert!(failure.desc().contains("`motto`"), "{failure}");
    assert!(failure.desc().contains("a/b/1"), "{failure}");
    let failure = device.call("Init", NONE).unwrap_err();
    assert!(failure.has_reason("API_InitThrowsException"), "{failure}");
    assert_eq!(device.read("motto").unwrap(), "good morning");
    database.start();
    device.wait_until("initialised", |device| device.call("Init", NONE).is_ok());
    assert_eq!(device.read("motto").unwrap(), "good morning");
    server.signal("TERM");
    assert!(server.end().0.success());
}

#[test]
fn a_server_whose_devices_all_fail_ends() {
    let database = TangoDatabaseServer::new();
    let device = database.client().device("s/s/1");
    device.add("echo/test", "Silent").unwrap();
    device.put_properties(json!({"unless": "/"})).unwrap();
    let (status, log) = start(&database, &["test"]).end();
    assert_eq!(status.code(), Some(1), "{log}");
    let expected = "s/s/1: ValueError: / is there";
    assert!(log.contains(expected), "{log}");
    assert!(!log.contains("Ready to accept request"), "{log}");
    assert!(!device.exported().unwrap());
}

#[test]
fn an_instance_that_the_database_does_not_know_ends_the_process() {
    let database = TangoDatabaseServer::new();
    registered(&database);
    let (status, log) = start(&database, &["nobody"]).end();
    assert_eq!(status.code(), Some(255), "{log}");
    assert!(
        log.contains("echo/nobody is not defined in database"),
        "{log}"
    );
}

#[test]
fn a_server_runs_once() {
    let database = TangoDatabaseServer::new();
    let device = registered(&database);
    let mut server = start(&database, &["test"]);
    server.wait_for("signals are handled");
    let (status, log) = start(&database, &["test"]).end();
    assert_eq!(status.code(), Some(255), "{log}");
    assert_eq!(device.state().unwrap(), "ON");
    // After a crash, the server is still exported in the database. The next one may start at once.
    server.signal("KILL");
    server.end();
    let mut server = start(&database, &["test"]);
    server.wait_for("signals are handled");
    device.wait_for_state("ON");
}

#[test]
fn a_device_may_be_locked_by_one_client() {
    let database = TangoDatabaseServer::new();
    let device = registered(&database);
    let mut server = start(&database, &["test"]);
    server.wait_for("signals are handled");
    let other = database.client().device("a/b/1");
    device.lock().unwrap();
    let failure = other.call("echo_long", 1).unwrap_err();
    assert!(failure.has_reason("API_DeviceLocked"), "{failure}");
    assert_eq!(other.state().unwrap(), "ON");
    assert_eq!(device.call("echo_long", 1).unwrap(), 1);
    device.unlock().unwrap();
    assert_eq!(other.call("echo_long", 1).unwrap(), 1);
}
