//! Calls that fail, or take long.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::fixture::{NONE, echo_device};

/// Longer than the test takes.
const LONG_TIMEOUT: Duration = Duration::from_secs(100);

#[test]
fn an_error_reaches_the_client_level_by_level() {
    let (_server, device) = echo_device();
    let levels = json!(["ValueError", "bad value", "RuntimeError", "so it failed"]);
    let failure = device.call("fail", levels).unwrap_err();
    assert_eq!(failure.kind, "DevFailed");
    let levels: Vec<_> = failure
        .errors
        .iter()
        .map(|error| {
            (
                error.reason.as_str(),
                error.desc.as_str(),
                error.origin.as_str(),
            )
        })
        .collect();
    assert_eq!(
        levels[0],
        ("PyDs_PythonError", "ValueError: bad value\n", "Echo.fail")
    );
    assert_eq!(
        levels[1],
        (
            "PyDs_PythonError",
            "RuntimeError: so it failed\n",
            "Echo.fail"
        )
    );
    // The client's own library adds this level.
    assert_eq!((levels[2].0, levels.len()), ("API_CommandFailed", 3));
    assert!(failure.errors.iter().all(|error| error.severity == "ERR"));
}

#[test]
fn a_panic_is_an_error_of_the_command_alone() {
    let (mut server, device) = echo_device();
    let failure = device.call("panic", "out of cheese").unwrap_err();
    assert_eq!(failure.kind, "DevFailed");
    assert_eq!(failure.first().desc, "SystemError: out of cheese\n");
    assert_eq!(device.call("echo_long", 1).unwrap(), 1);
    assert_eq!(device.state().unwrap(), "ON");
    // The client does not wait until the functions are named.
    server.program.wait_for("a device panicked at");
}

#[test]
fn an_unanswered_call_is_a_connection_failure() {
    let (_server, device) = echo_device();
    let failure = device.call("leave_unanswered", NONE).unwrap_err();
    assert_eq!(failure.kind, "CommunicationFailed");
    assert_eq!(device.state().unwrap(), "ON");
}

#[test]
fn a_slow_command_does_not_delay_other_clients() {
    let (mut server, device) = echo_device();
    let slow = device.with_timeout(LONG_TIMEOUT);
    let waits = thread::spawn(move || slow.call("block", NONE));
    server.program.wait_for("a client waits");
    assert_eq!(device.state().unwrap(), "ON");
    assert_eq!(device.read("State").unwrap(), "ON");
    assert_eq!(device.status().unwrap(), "in the mood ON");
    assert_eq!(device.read("words").unwrap(), json!([]));
    device.write("count", 5).unwrap();
    assert_eq!(
        device.call("echo_text", "still here").unwrap(),
        "still here"
    );
    assert!(!waits.is_finished());
    device.call("release", NONE).unwrap();
    assert_eq!(waits.join().unwrap().unwrap(), NONE);
}

#[test]
fn a_client_that_gives_up_is_not_the_end_of_its_command() {
    let (mut server, device) = echo_device();
    let impatient = device.with_timeout(Duration::from_millis(200));
    let failure = impatient.call("block", NONE).unwrap_err();
    assert_eq!(failure.kind, "CommunicationFailed");
    server.program.wait_for("a client waits");
    device.call("release", NONE).unwrap();
    assert_eq!(impatient.call("echo_long", 1).unwrap(), 1);
}

#[test]
fn attributes_may_be_polled() {
    let (_server, device) = echo_device();
    device.write("count", 1).unwrap();
    device.poll("count", Duration::from_millis(20)).unwrap();
    device.wait_until("read by the server", |device| {
        device.read("count").is_ok_and(|it| it == 1)
    });
    device.write("count", 2).unwrap();
    device.wait_until("read again", |device| {
        device.read("count").is_ok_and(|it| it == 2)
    });
}
