//! A Tango database that goes away and comes back.

use serde_json::{Value as Json, json};
use testing::NexusClient;

use crate::scan::Plan;
use crate::stage::{DEVICE, Stage};

#[tokio::test]
async fn scans_are_saved_without_it() {
    let mut stage = Stage::new().await;
    let (device, service) = stage.serve(json!({}));
    let mut scan = Plan::new(&stage.file("a.h5")).create(&stage.store).await;
    let mut bliss = NexusClient::new(&device, scan.known());
    bliss.prepare().unwrap();
    scan.start().await;
    stage.database.stop();
    scan.send(3).await;
    bliss.during().unwrap();
    scan.end("SUCCESS").await;
    bliss.end().unwrap();
    device.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
    // Another scan, of which nobody knew before.
    let plan = Plan::new(&stage.file("b.h5")).number(2);
    let mut scan = plan.create(&stage.store).await;
    NexusClient::new(&device, scan.known()).prepare().unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
    device.wait_for_state("ON");

    stage.database.start();
    // Somebody who has never met the device.
    let device = stage.database.client().device(DEVICE);
    assert_eq!(device.state().unwrap(), "ON");
    service.signal("TERM");
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!device.exported().unwrap());
}

#[tokio::test]
async fn the_device_keeps_its_properties_without_it() {
    let mut stage = Stage::new().await;
    let (device, service) = stage.serve(json!({"recommended_disk_space": 1e12}));
    stage.database.stop();
    device.call("stop", Json::Null).unwrap();
    device.call("start", Json::Null).unwrap();
    device.wait_for_state("ON");
    // It may be refused, but must not make another device of it.
    if let Err(failure) = device.call("Init", Json::Null) {
        assert!(failure.has_reason("API_InitThrowsException"), "{failure}");
    }
    device.wait_for_state("ON");
    let mut scan = Plan::new(&stage.file("a.h5")).create(&stage.store).await;
    let mut bliss = NexusClient::new(&device, scan.known());
    bliss.prepare().unwrap();
    scan.run(3).await;
    bliss.end().unwrap();
    assert_eq!(bliss.warnings(), ["Free disk space below 1000000000000 MB"]);
    device.wait_for("scan_state", &scan.name, "OFF");
    device.wait_for_state("ON");
    service.signal("TERM");
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{log}");
}
