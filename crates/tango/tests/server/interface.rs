//! What a client finds when it asks what a device offers.

use serde_json::{Value as Json, json};

use crate::fixture::{EchoServer, echo_device};

#[test]
fn a_device_offers_what_its_class_says() {
    let (_server, device) = echo_device();
    let interface = device.interface().unwrap();
    assert_eq!(interface["dev_class"], "Echo");
    assert_eq!(interface["dev_type"], "Echo");
    assert_eq!(
        interface["doc_url"],
        "Doc URL = http://www.tango-controls.org"
    );
    let attributes = [
        "truth", "count", "word", "volume", "mood", "motto", "words", "moods", "State", "Status",
    ];
    assert_eq!(interface["attributes_in_query_order"], json!(attributes));
    let commands: Vec<_> = of(&interface, "commands", "cmd_name").collect();
    assert!(
        commands.contains(&&json!("echo_texts")) && commands.is_sorted_by_key(|name| name.as_str())
    );
    // Without descriptions, as devices in Python report them.
    let wizard = ["motto", "", "hello", "refrain", "", "None"];
    assert_eq!(interface["wizard_device_properties"], json!(wizard));
    assert_eq!(interface["wizard_class_properties"], json!([]));
}

#[test]
fn attributes_are_configured_like_those_of_a_device_in_python() {
    let (_server, device) = echo_device();
    let interface = device.interface().unwrap();
    let find = |name: &str| {
        let mut all = interface["attributes"].as_array().unwrap().iter();
        all.find(|attribute| attribute["name"] == name).unwrap()
    };
    for (name, kind, form, access, most, format) in [
        ("volume", "DevEnum", "SCALAR", "READ_WRITE", 1, "%s"),
        ("word", "DevString", "SCALAR", "READ_WRITE", 1, "%s"),
        ("motto", "DevString", "SCALAR", "READ", 1, "%s"),
        ("words", "DevString", "SPECTRUM", "READ", 10_000, "%s"),
        (
            "moods",
            "DevState",
            "SPECTRUM",
            "READ",
            10_000,
            "Not specified",
        ),
        ("State", "DevState", "SCALAR", "READ", 1, "Not specified"),
        ("Status", "DevString", "SCALAR", "READ", 1, "%s"),
    ] {
        let written = if access == "READ" { "None" } else { name };
        let labels = if name == "volume" {
            vec!["OFF", "QUIET", "LOUD"]
        } else {
            vec![]
        };
        let nothing = "Not specified";
        let expected = json!({
            "name": name, "label": name, "description": "No description",
            "data_type": kind, "data_format": form, "writable": access,
            "writable_attr_name": written, "root_attr_name": nothing,
            "max_dim_x": most, "max_dim_y": 0, "enum_labels": labels, "format": format,
            "min_value": nothing, "max_value": nothing,
            "unit": "", "standard_unit": "No standard unit", "display_unit": "No display unit",
            "memorized": "NONE", "disp_level": "OPERATOR", "polled": false,
            "extensions": [], "sys_extensions": [],
            "events": {
                "ch_event": {"abs": nothing, "rel": nothing},
                "per_event": "1000",
                "arch": {"abs": nothing, "rel": nothing, "period": nothing},
            },
        });
        assert_eq!(find(name), &expected, "{name}");
    }
}

#[test]
fn commands_without_descriptions_are_said_to_have_none() {
    let (_server, device) = echo_device();
    let interface = device.interface().unwrap();
    let commands = interface["commands"].as_array().unwrap();
    for (name, input, output, result) in [
        ("Init", "DevVoid", "DevVoid", "Uninitialised"),
        ("State", "DevVoid", "DevState", "Device state"),
        ("Status", "DevVoid", "DevString", "Device status"),
        ("echo_long", "DevLong64", "DevLong64", "Uninitialised"),
        (
            "echo_texts",
            "DevVarStringArray",
            "DevVarStringArray",
            "Uninitialised",
        ),
        ("fill", "DevLong64", "DevVoid", "Uninitialised"),
    ] {
        let found = commands.iter().find(|one| one["cmd_name"] == name).unwrap();
        let expected = json!({
            "cmd_name": name, "cmd_tag": 0, "disp_level": "OPERATOR",
            "in_type": input, "in_type_desc": "Uninitialised",
            "out_type": output, "out_type_desc": result,
        });
        assert_eq!(found, &expected);
    }
}

#[test]
fn a_server_has_devices_of_several_classes() {
    let server = EchoServer::start("Echo::a/b/1,Echo::a/b/2,Silent::s/s/1");
    let silent = server.device("s/s/1");
    assert_eq!(silent.state().unwrap(), "ON");
    let interface = silent.interface().unwrap();
    assert_eq!(interface["dev_class"], "Silent");
    assert_eq!(
        interface["attributes_in_query_order"],
        json!(["State", "Status"])
    );
    assert_eq!(
        interface["commands_in_query_order"],
        json!(["Init", "State", "Status"])
    );
    server.device("a/b/1").write("count", 1).unwrap();
    server.device("a/b/2").write("count", 2).unwrap();
    assert_eq!(server.device("a/b/1").read("count").unwrap(), 1);
    assert_eq!(server.device("a/b/2").read("count").unwrap(), 2);
}

fn of<'a>(interface: &'a Json, list: &str, name: &'a str) -> impl Iterator<Item = &'a Json> {
    let list = interface[list].as_array().unwrap();
    list.iter().map(move |one| &one[name])
}
