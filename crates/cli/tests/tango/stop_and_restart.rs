//! Services that end during a scan, in several ways, and start again.

use serde_json::{Value as Json, json};
use testing::{MappingClient, NexusClient, Program, TangoDevice, read};

use crate::fixture::{Fixture, start};
use crate::live_scan::{LiveScan, ScanPlan};

const STATUS: &str = "1.1/writer/status";

#[tokio::test]
async fn killed_and_back_while_the_scan_runs() {
    let fixture = Fixture::new().await;
    let (device, service) = fixture.serve(json!({}));
    let mut scan = half_a_scan(&fixture, &device).await;
    kill(service);
    scan.send(2).await;
    let _service = start(&mut fixture.service());
    device.wait_for("scan_state", &scan.name, "ON");
    assert_eq!(device.state().unwrap(), "RUNNING");
    // BLISS does not notice.
    let mut bliss = NexusClient::new(&device, scan.as_seen_by_bliss());
    bliss.during().unwrap();
    scan.send(3).await;
    scan.end("SUCCESS").await;
    bliss.end().unwrap();
    assert_whole(&device, &scan);
    device.wait_for_state("ON");
}

#[tokio::test]
async fn killed_and_back_after_the_scan() {
    let fixture = Fixture::new().await;
    let (device, service) = fixture.serve(json!({}));
    let mut scan = half_a_scan(&fixture, &device).await;
    kill(service);
    scan.send(5).await;
    scan.end("SUCCESS").await;
    let _service = start(&mut fixture.service());
    assert_whole(&device, &scan);
    device.wait_for_state("ON");
    let names = device.read("scan_names").unwrap();
    assert_eq!(names, json!([scan.name]));
    // The next scan is saved as usual.
    let plan = ScanPlan::new(&scan.file).number(2).points(10);
    let mut next = plan.create(&fixture.store).await;
    NexusClient::new(&device, next.as_seen_by_bliss())
        .prepare()
        .unwrap();
    next.run(10).await;
    assert_whole(&device, &next);
}

#[tokio::test]
async fn killed_between_scans() {
    let fixture = Fixture::new().await;
    let (device, service) = fixture.serve(json!({}));
    let mut scan = half_a_scan(&fixture, &device).await;
    scan.send(5).await;
    scan.end("SUCCESS").await;
    assert_whole(&device, &scan);
    let before = std::fs::read(&scan.file).unwrap();
    device.wait_for_state("ON");
    kill(service);
    let _service = start(&mut fixture.service());
    device.wait_for_state("ON");
    // A scan that is saved is not saved again.
    let plan = ScanPlan::new(&fixture.file("b.h5")).number(2).points(10);
    let mut next = plan.create(&fixture.store).await;
    NexusClient::new(&device, next.as_seen_by_bliss())
        .prepare()
        .unwrap();
    next.run(10).await;
    assert_whole(&device, &next);
    assert!(std::fs::read(&scan.file).unwrap() == before);
}

#[tokio::test]
async fn the_mapping_writer_killed_and_back() {
    let fixture = Fixture::new().await;
    let (device, service) = fixture.serve_bliss();
    let mut scan = half_a_mapping_scan(&fixture, &device).await;
    kill(service);
    scan.send(2).await;
    let _service = start(&mut fixture.bliss_service());
    device.wait_for("scan_state", &scan.key(), "ON");
    let mut bliss = MappingClient::new(&device, scan.as_seen_by_bliss());
    bliss.during().unwrap();
    scan.send(3).await;
    scan.end("SUCCESS").await;
    device.wait_for("scan_state", &scan.key(), "OFF");
    scan.assert_written();
}

#[tokio::test]
async fn asked_to_end_during_a_scan() {
    for signal in ["TERM", "INT"] {
        let fixture = Fixture::new().await;
        let (device, service) = fixture.serve(json!({}));
        let mut scan = half_a_scan(&fixture, &device).await;
        scan.send(2).await;
        service.signal(signal);
        let (status, log) = service.end();
        assert_eq!(status.code(), Some(0), "{signal}\n{log}");
        assert!(!device.exported().unwrap());
        scan.assert_written();
        scan.end("USER_ABORT").await;
    }
}

#[tokio::test]
async fn the_mapping_writer_asked_to_end_during_a_scan() {
    let fixture = Fixture::new().await;
    let (device, service) = fixture.serve_bliss();
    let mut scan = half_a_mapping_scan(&fixture, &device).await;
    scan.send(2).await;
    service.signal("TERM");
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!device.exported().unwrap());
    scan.assert_written();
    scan.end("USER_ABORT").await;
}

#[tokio::test]
async fn asked_to_end_without_scans() {
    for signal in ["TERM", "INT"] {
        let fixture = Fixture::new().await;
        let (device, service) = fixture.serve(json!({}));
        service.signal(signal);
        let (status, log) = service.end();
        assert_eq!(status.code(), Some(0), "{signal}\n{log}");
        assert!(!device.exported().unwrap());
        // The end of a terminal does not end the service.
        let (device, service) = fixture.serve(json!({}));
        service.signal("HUP");
        assert_eq!(device.state().unwrap(), "ON");
        drop(service);
    }
}

#[tokio::test]
async fn the_device_is_restarted_during_a_scan() {
    restarted("DevRestart", "id00/bliss_nxwriter/demo".into()).await;
}

#[tokio::test]
async fn the_server_is_restarted_during_a_scan() {
    restarted("RestartServer", Json::Null).await;
}

async fn restarted(command: &str, argument: Json) {
    let fixture = Fixture::new().await;
    let (device, mut service) = fixture.serve(json!({}));
    let mut scan = half_a_scan(&fixture, &device).await;
    let admin = fixture.client.device("dserver/nexuswriter/demo");
    admin.call(command, argument).unwrap();
    // The server restarts itself after it has answered. Until then the old device answers.
    service.wait_for("scans are being saved: they go on");
    device.wait_for("scan_state", &scan.name, "ON");
    device.wait_for_state("RUNNING");
    NexusClient::new(&device, scan.as_seen_by_bliss())
        .during()
        .unwrap();
    scan.send(5).await;
    scan.end("SUCCESS").await;
    assert_whole(&device, &scan);
    device.wait_for_state("ON");

    let plan = ScanPlan::new(&scan.file).number(2).points(10);
    let mut next = plan.create(&fixture.store).await;
    NexusClient::new(&device, next.as_seen_by_bliss())
        .prepare()
        .unwrap();
    next.run(10).await;
    assert_whole(&device, &next);
    service.signal("TERM");
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[tokio::test]
async fn ended_by_its_admin_device_during_a_scan() {
    let fixture = Fixture::new().await;
    let (device, service) = fixture.serve(json!({}));
    let mut scan = half_a_scan(&fixture, &device).await;
    let admin = fixture.client.device("dserver/nexuswriter/demo");
    admin.call("Kill", Json::Null).unwrap();
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!device.exported().unwrap());
    scan.assert_written();
    scan.end("USER_ABORT").await;
}

/// Starts a scan of 10 points, of which the writer has 5.
async fn half_a_scan(fixture: &Fixture, device: &TangoDevice) -> LiveScan {
    let plan = ScanPlan::new(&fixture.file("a.h5")).points(10);
    let mut scan = plan.create(&fixture.store).await;
    NexusClient::new(device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.start().await;
    scan.send(5).await;
    let written = json!(["1_loopscan: 5pts-5pts"]);
    device.wait_until("half a scan", |device| {
        device.read("scan_progress").unwrap() == written
    });
    scan
}

/// Starts a scan of 10 points, of which the writer `mapping` has 5.
async fn half_a_mapping_scan(fixture: &Fixture, device: &TangoDevice) -> LiveScan {
    let plan = ScanPlan::new(&fixture.file("a.h5")).mapping().points(10);
    let mut scan = plan.create(&fixture.store).await;
    MappingClient::new(device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.start().await;
    scan.send(5).await;
    device.wait_until("half a scan", |_| {
        scan.file.exists() && read(&scan.file, &[&scan.dataset()])[0] == scan.data()
    });
    scan
}

fn kill(service: Program) {
    service.signal("KILL");
    let (status, _) = service.end();
    assert_eq!(status.code(), None);
}

fn assert_whole(device: &TangoDevice, scan: &LiveScan) {
    device.wait_for("scan_exists", &scan.name, true);
    device.wait_until("saved", |device| {
        device.call("scan_state", &*scan.name).unwrap() != "ON"
    });
    let reason = device.call("scan_state_reason", &*scan.name).unwrap();
    assert_eq!(reason, "Finished succesfully");
    assert_eq!(device.call("scan_state", &*scan.name).unwrap(), "OFF");
    let entry = scan.dataset().replace("/instrument/diode/signal", "");
    let status = STATUS.replace("1.1", &entry);
    let found = read(&scan.file, &[&scan.dataset(), &status]);
    assert_eq!(found, json!([scan.data(), "SUCCEEDED"]));
}
