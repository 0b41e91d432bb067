//! Events reach the clients that listen.

use std::ops::Range;
use std::time::Duration;

use serde_json::json;
use testing::TangoDevice;

use crate::fixture::{NONE, echo_device_with_events};

#[test]
fn clients_hear_of_states_and_values_in_their_order() {
    let (_server, device) = echo_device_with_events();
    for attribute in [
        "State", "Status", "count", "volume", "word", "words", "moods",
    ] {
        device.subscribe(attribute).unwrap();
    }
    assert_eq!(device.event("State").unwrap(), "ON");
    assert_eq!(device.event("Status").unwrap(), "in the mood ON");
    assert_eq!(device.event("count").unwrap(), 0);
    assert_eq!(device.event("volume").unwrap(), 0);
    assert_eq!(device.event("word").unwrap(), "");
    assert_eq!(device.event("words").unwrap(), json!([]));
    assert_eq!(device.event("moods").unwrap(), json!([]));
    for (number, state) in [(10, "RUNNING"), (8, "FAULT"), (0, "ON")] {
        device.write("mood", number).unwrap();
        assert_eq!(device.event("State").unwrap(), state);
        assert_eq!(
            device.event("Status").unwrap(),
            format!("in the mood {state}")
        );
    }
    for count in 1..100 {
        device.write("count", count).unwrap();
    }
    for count in 1..100 {
        assert_eq!(device.event("count").unwrap(), count);
    }
    device.write("volume", 2).unwrap();
    assert_eq!(device.event("volume").unwrap(), 2);
    device.write("word", "\u{e9}t\u{e9}").unwrap();
    assert_eq!(device.event("word").unwrap(), "\u{e9}t\u{e9}");
    device.call("fill", 2).unwrap();
    assert_eq!(device.event("words").unwrap(), json!(["word 0", "word 1"]));
    assert_eq!(device.event("moods").unwrap(), json!(["ON", "RUNNING"]));
    device.call("fill", 10_050).unwrap();
    assert_eq!(device.event("words").unwrap()[0], "word 50");
}

#[test]
fn clients_hear_of_a_restarted_device() {
    let (server, device) = echo_device_with_events();
    device.write("mood", 8).unwrap();
    for attribute in ["State", "count"] {
        device.subscribe(attribute).unwrap();
    }
    assert_eq!(device.event("State").unwrap(), "FAULT");
    assert_eq!(device.event("count").unwrap(), 0);
    server.admin().call("DevRestart", "a/b/1").unwrap();
    assert_eq!(device.event("State").unwrap(), "ON");
    device.write("count", 4).unwrap();
    assert_eq!(device.event("count").unwrap(), 4);
    device.write("mood", 8).unwrap();
    assert_eq!(device.event("State").unwrap(), "FAULT");
    server.admin().call("RestartServer", NONE).unwrap();
    while device.event("State").is_ok_and(|state| state != "ON") {}
}

#[test]
fn clients_hear_of_a_server_that_comes_again() {
    let (server, device) = echo_device_with_events();
    device.subscribe("count").unwrap();
    assert_eq!(device.event("count").unwrap(), 0);
    assert!(hears_of_one(&device, 1..60));
    let _server = server.crash_and_start();
    // The client library subscribes again by itself, and reports errors until then.
    let news = std::iter::repeat_with(|| device.event("count"));
    let value = news.filter_map(Result::ok).next();
    assert_eq!(value.unwrap(), 0);
    assert!(hears_of_one(&device, 60..120));
}

/// Writes these counts one after the other, until the client hears of one. The first value after a subscription is asked
/// for; an event is lost if it is sent before the server knows of the subscription.
fn hears_of_one(device: &TangoDevice, mut counts: Range<u64>) -> bool {
    counts.any(|count| {
        device.write("count", count).unwrap();
        let heard = device.event_within("count", Duration::from_secs(1));
        heard.is_ok_and(|heard| {
            heard
                .as_u64()
                .is_some_and(|heard| heard > 0 && heard <= count)
        })
    })
}
