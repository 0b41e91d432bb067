//! Events that clients receive when something changes.

use serde_json::{Value as Json, json};
use testing::TangoDevice;

use crate::fixture::Fixture;
use crate::live_scan::ScanPlan;

#[tokio::test]
async fn clients_hear_of_state_and_status() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    device.subscribe("State").unwrap();
    device.subscribe("Status").unwrap();
    wait(&device, "State", "ON");
    wait(&device, "Status", "Subscribed to Redis");
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    wait(&device, "State", "RUNNING");
    scan.run(3).await;
    wait(&device, "State", "ON");
    device.call("stop", Json::Null).unwrap();
    wait(&device, "State", "OFF");
    wait(&device, "Status", "Finished succesfully");
    device.call("start", Json::Null).unwrap();
    wait(&device, "State", "ON");
    wait(&device, "Status", "Subscribed to Redis");
}

#[tokio::test]
async fn clients_hear_of_the_mapping_writer() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    device.subscribe("State").unwrap();
    wait(&device, "State", "ON");
    device.call("Stop", Json::Null).unwrap();
    wait(&device, "State", "OFF");
    device.call("Start", Json::Null).unwrap();
    wait(&device, "State", "ON");
}

#[tokio::test]
async fn clients_hear_of_a_service_that_was_away() {
    let fixture = Fixture::new().await;
    let (device, service) = fixture.serve(json!({}));
    device.subscribe("State").unwrap();
    wait(&device, "State", "ON");
    service.signal("KILL");
    service.end();
    // The heartbeat is missed.
    while device.event("State").is_ok() {}
    let _service = crate::fixture::start(&mut fixture.service());
    wait(&device, "State", "ON");
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    wait(&device, "State", "RUNNING");
    scan.run(3).await;
    wait(&device, "State", "ON");
}

/// Waits for an event with this value, and skips earlier values and errors.
fn wait(device: &TangoDevice, attribute: &str, value: &str) {
    for _ in 0..20 {
        match device.event(attribute) {
            Ok(event) if event == value => return,
            Ok(_) | Err(_) => {}
        }
    }
    panic!("{attribute} does not become {value}");
}
