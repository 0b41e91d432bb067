//! What a generic client finds: names, types, limits, labels.

use serde_json::{Value as Json, json};

use crate::fixture::Fixture;

const NEXUS_WRITER: &str = include_str!("interface/NexusWriter.json");
const BLISS_WRITER: &str = include_str!("interface/BlissWriter.json");

/// Names that the recorded device does not have: those of BLISS 1.11.
const OLD_ATTRIBUTES: &[&str] = &["scan_uris"];
const OLD_COMMANDS: &[&str] = &["kill_scan", "scan_uri"];

#[tokio::test]
async fn nexus_writer_is_that_of_blisswriter_2() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    assert_same(device.interface().unwrap(), NEXUS_WRITER);
}

#[tokio::test]
async fn bliss_writer_is_that_of_blisswriter_3() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    assert_same(device.interface().unwrap(), BLISS_WRITER);
}

fn assert_same(mut found: Json, recorded: &str) {
    let recorded: Json = serde_json::from_str(recorded).unwrap();
    remove(&mut found, "attributes", "name", OLD_ATTRIBUTES);
    remove(&mut found, "commands", "cmd_name", OLD_COMMANDS);
    remove_descriptions(&mut found, &recorded);
    // The record also contains values that are not sent over the wire.
    for (part, found) in found.as_object().unwrap() {
        match (found.as_array(), recorded[part].as_array()) {
            (Some(found), Some(expected)) if found.len() == expected.len() => {
                for (found, expected) in found.iter().zip(expected) {
                    assert_eq!(found, expected, "{part}");
                }
            }
            _ => assert_eq!(found, &recorded[part], "{part}"),
        }
    }
}

/// Removes the descriptions from the list of properties (name, description and default of each): PyTango does
/// not send those of the properties that it declares.
fn remove_descriptions(found: &mut Json, recorded: &Json) {
    let declared = recorded["declared_device_properties"].as_array().unwrap();
    let properties = found["wizard_device_properties"].as_array_mut().unwrap();
    assert_eq!(properties.len(), 3 * declared.len());
    for (property, declared) in properties.chunks_mut(3).zip(declared) {
        assert!(
            property[1] == declared["doc"] || property[1] == "",
            "{}",
            property[1]
        );
        property[1] = "".into();
    }
}

fn remove(interface: &mut Json, list: &str, field: &str, names: &[&str]) {
    let old = |name: &Json| names.iter().any(|old| *name == *old);
    let queried = format!("{list}_in_query_order");
    interface[queried]
        .as_array_mut()
        .unwrap()
        .retain(|it| !old(it));
    interface[list]
        .as_array_mut()
        .unwrap()
        .retain(|it| !old(&it[field]));
}
