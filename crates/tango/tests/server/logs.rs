//! Tango's own logs.

use serde_json::json;

use crate::fixture::{EchoServer, NONE};

/// A message of cppTango itself, when a command of the device of administration is called.
const OF_TANGO: &str = "In query_device command";

#[test]
fn tango_logs_nothing_by_default() {
    let server = EchoServer::start("Echo::a/b/1");
    server.admin().call("QueryDevice", NONE).unwrap();
    let (_, log) = server.end("TERM");
    assert!(!log.contains(OF_TANGO), "{log}");
}

#[test]
fn tango_logs_as_verbosely_as_requested() {
    let server = EchoServer::start_verbose("Echo::a/b/1", "-v5");
    let device = server.device("a/b/1");
    assert_eq!(
        device.call("log_levels", NONE).unwrap(),
        json!(["Debug", "Debug"])
    );
    server.admin().call("QueryDevice", NONE).unwrap();
    let (_, log) = server.end("TERM");
    assert!(log.contains(OF_TANGO), "{log}");
}

#[test]
fn levels_are_set_by_the_device_and_by_clients() {
    let server = EchoServer::start("Echo::a/b/1");
    let (device, admin) = (server.device("a/b/1"), server.admin());
    device.call("log_all", true).unwrap();
    assert_eq!(
        device.call("log_levels", NONE).unwrap(),
        json!(["Debug", "Debug"])
    );
    let levels = admin.call("GetLoggingLevel", json!(["a/b/1"])).unwrap();
    assert_eq!(levels, json!([[5], ["a/b/1"]]));
    admin
        .call("SetLoggingLevel", json!([[2], ["a/b/1"]]))
        .unwrap();
    assert_eq!(
        device.call("log_levels", NONE).unwrap(),
        json!(["Error", "Debug"])
    );
    device.call("log_all", false).unwrap();
    assert_eq!(
        device.call("log_levels", NONE).unwrap(),
        json!(["Off", "Off"])
    );
}
