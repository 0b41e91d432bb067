//! Values that are sent to the device and back.

use serde_json::{Value as Json, json};

use crate::fixture::{NONE, echo_device};

#[test]
fn commands_take_and_give_every_type() {
    let (_server, device) = echo_device();
    assert_eq!(device.call("echo_nothing", NONE).unwrap(), NONE);
    for (command, value) in [
        ("echo_boolean", json!(true)),
        ("echo_boolean", json!(false)),
        ("echo_long", json!(i64::MIN + 1)),
        ("echo_long", json!(i64::MAX)),
        ("echo_text", json!("two words")),
        ("echo_text", json!("")),
        ("echo_texts", json!(["one", "", "three\nlines\n"])),
    ] {
        assert_eq!(
            device.call(command, value.clone()).unwrap(),
            value,
            "{command}"
        );
    }
    // States are sent by their numbers, as PyTango takes them.
    assert_eq!(device.call("echo_state", 10).unwrap(), "RUNNING");
    assert_eq!(device.call("echo_texts", json!([])).unwrap(), json!([]));
}

#[test]
fn attributes_are_written_and_read() {
    let (_server, device) = echo_device();
    for (attribute, initial, value) in [
        ("truth", json!(false), json!(true)),
        ("count", json!(0), json!(i64::MAX)),
        ("word", json!(""), json!("word by word")),
        ("volume", json!(0), json!(2)),
    ] {
        assert_eq!(device.read(attribute).unwrap(), initial, "{attribute}");
        device.write(attribute, value.clone()).unwrap();
        assert_eq!(device.read(attribute).unwrap(), value, "{attribute}");
    }
    assert_eq!(device.read("motto").unwrap(), "hello");
    assert_eq!(device.read("mood").unwrap(), "ON");
    device.write("mood", 8).unwrap();
    assert_eq!(device.read("mood").unwrap(), "FAULT");
    assert_eq!(device.state().unwrap(), "FAULT");
    assert_eq!(device.read("State").unwrap(), "FAULT");
    assert_eq!(device.status().unwrap(), "in the mood FAULT");
    assert_eq!(device.read("Status").unwrap(), "in the mood FAULT");
}

#[test]
fn names_are_found_in_any_case() {
    let (_server, device) = echo_device();
    device.write("COUNT", 3).unwrap();
    assert_eq!(device.read("Count").unwrap(), 3);
    assert_eq!(device.call("ECHO_Text", "same").unwrap(), "same");
}

#[test]
fn spectra_may_be_empty_and_are_cut_to_their_newest_elements() {
    let (_server, device) = echo_device();
    assert_eq!(device.read("words").unwrap(), json!([]));
    assert_eq!(device.read("moods").unwrap(), json!([]));
    device.call("fill", 3).unwrap();
    assert_eq!(
        device.read("words").unwrap(),
        json!(["word 0", "word 1", "word 2"])
    );
    assert_eq!(
        device.read("moods").unwrap(),
        json!(["ON", "RUNNING", "FAULT"])
    );
    device.call("fill", 10_050).unwrap();
    let (words, moods) = (device.read("words").unwrap(), device.read("moods").unwrap());
    let (words, moods) = (words.as_array().unwrap(), moods.as_array().unwrap());
    assert_eq!((words.len(), moods.len()), (10_000, 10_000));
    assert_eq!(words.first().unwrap(), "word 50");
    assert_eq!(words.last().unwrap(), "word 10049");
    // The 51st and the last element.
    assert_eq!(
        (&moods[0], &moods[9_999]),
        (&json!("FAULT"), &json!("FAULT"))
    );
}

#[test]
fn every_character_of_the_wire_comes_back() {
    let (_server, device) = echo_device();
    let all: String = (1..=255).map(char::from).collect();
    assert_eq!(device.call("echo_text", all.clone()).unwrap(), all.as_str());
    device.write("word", all.clone()).unwrap();
    assert_eq!(device.read("word").unwrap(), all.as_str());
    let failure = device.call("fail", json!(["ValueError", all])).unwrap_err();
    assert_eq!(failure.first().desc, format!("ValueError: {all}\n"));
}

#[test]
fn values_that_tango_does_not_allow_do_not_reach_the_device() {
    let (_server, device) = echo_device();
    let failure = device.write("volume", 3).unwrap_err();
    assert_eq!(failure.first().reason, "API_WAttrOutsideLimit");
    assert_eq!(device.read("volume").unwrap(), 0);
    let failure = device.write("motto", "mine").unwrap_err();
    assert_eq!(failure.first().reason, "API_AttrNotWritable");
    // A state of Tango that our devices do not have.
    let failure = device.call("echo_state", 11).unwrap_err();
    assert_eq!(failure.first().desc, "ValueError: 11 is out of range\n");
}

#[test]
fn the_answer_of_another_type_is_an_error() {
    let (_server, device) = echo_device();
    let failure = device.call("answer_wrongly", NONE).unwrap_err();
    let expected = "TypeError: Text(\"yes\") is not of the type Boolean\n";
    assert_eq!(failure.first().desc, expected);
    assert_eq!(device.call("echo_long", 1).unwrap(), Json::from(1));
}
