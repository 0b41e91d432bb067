//! Tests of the Tango database and the client, on which other tests rely.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value as Json, json};
use testing::{TangoDatabaseServer, TangoError};

const DATABASE: &str = "sys/database/2";
const DEVICE: &str = "id00/bliss_nxwriter/demo";

#[test]
fn a_restarted_database_keeps_devices_and_properties() {
    let mut database = TangoDatabaseServer::new();
    let client = database.client();
    let device = client.device(DEVICE);
    device.add("nexuswriter/demo", "NexusWriter").unwrap();
    device
        .put_properties(json!({"session": "demo", "noconfig": true, "gone": 1}))
        .unwrap();
    device.put_properties(json!({"gone": null})).unwrap();
    let port = database.host();
    database.stop();
    let failure = client.devices("NexusWriter").unwrap_err();
    assert!(failure.kind.ends_with("Failed"), "{failure}");
    database.start();
    assert_eq!(database.host(), port);

    // This needs a new client: an old one remembers for a second that no device was exported.
    let client = database.client();
    assert_eq!(client.devices("NexusWriter").unwrap(), [DEVICE]);
    assert!(client.devices("BlissWriter").unwrap().is_empty());
    let device = client.device(DEVICE);
    assert_eq!(
        device.properties().unwrap(),
        json!({"session": ["demo"], "noconfig": ["True"]})
    );
    assert!(!device.exported().unwrap());
    // For a second, the error only says that the client has just tried to connect.
    device.wait_until("known not to be exported", |device| {
        let failure = device.state().unwrap_err();
        failure.kind == "ConnectionFailed" && failure.has_reason("API_DeviceNotExported")
    });
    let failure = client.device("no/such/device").state().unwrap_err();
    assert!(failure.has_reason("DB_DeviceNotDefined"), "{failure}");
}

#[test]
fn a_client_returns_values_and_failures() {
    let database = TangoDatabaseServer::new();
    // The database is a device itself.
    let device = database.client().device(DATABASE);
    assert_eq!(device.state().unwrap(), "ON");
    assert!(device.status().unwrap().contains("ON"));
    assert_eq!(
        device.call("DbGetClassList", "Data*").unwrap(),
        json!(["DataBase"])
    );
    let refused = device.call("DbImportDevice", "no/such/device");
    let failure: TangoError = refused.unwrap_err();
    assert_eq!(failure.kind, "DevFailed");
    assert_eq!(failure.first().reason, "DB_DeviceNotDefined");
    let failure = device.call("no_such_command", Json::Null).unwrap_err();
    assert_eq!(failure.first().reason, "API_CommandNotFound");
    let interface = device.interface().unwrap();
    assert_eq!(interface["dev_class"], "DataBase");
    let queried = interface["attributes_in_query_order"].as_array().unwrap();
    assert_eq!(
        interface["attributes"].as_array().unwrap().len(),
        queried.len()
    );
}
