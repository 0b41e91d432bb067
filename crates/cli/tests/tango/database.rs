//! A Tango database that goes away and comes back.

use serde_json::{Value as Json, json};
use testing::NexusClient;

use crate::fixture::{DEVICE, Fixture};
use crate::live_scan::ScanPlan;

#[tokio::test]
async fn scans_are_saved_without_it() {
    let mut fixture = Fixture::new().await;
    let (device, service) = fixture.serve(json!({}));
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    scan.start().await;
    fixture.database.stop();
    scan.send(3).await;
    bliss.during().unwrap();
    scan.end("SUCCESS").await;
    bliss.end().unwrap();
    device.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
    // Another scan, which was created meanwhile.
    let plan = ScanPlan::new(&fixture.file("b.h5")).number(2);
    let mut scan = plan.create(&fixture.store).await;
    NexusClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
    device.wait_for_state("ON");

    fixture.database.start();
    // A client that has never connected to the device.
    let device = fixture.database.client().device(DEVICE);
    assert_eq!(device.state().unwrap(), "ON");
    service.signal("TERM");
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!device.exported().unwrap());
}

#[tokio::test]
async fn the_device_keeps_its_properties_without_it() {
    let mut fixture = Fixture::new().await;
    let (device, service) = fixture.serve(json!({"recommended_disk_space": 1e12}));
    fixture.database.stop();
    device.call("stop", Json::Null).unwrap();
    device.call("start", Json::Null).unwrap();
    device.wait_for_state("ON");
    // `Init` may be refused, but must not change the properties.
    if let Err(failure) = device.call("Init", Json::Null) {
        assert!(failure.has_reason("API_InitThrowsException"), "{failure}");
    }
    device.wait_for_state("ON");
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
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
