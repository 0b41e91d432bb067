//! What BLISS asks the writer `mapping` for each scan, and what it reports to its user.

use serde_json::{Value as Json, json};
use testing::{MappingClient, MappingProtocol, TangoDevice, hold, read};

use crate::concurrent_scans::ConcurrentScans;
use crate::fixture::Fixture;
use crate::live_scan::{LiveScan, ScanPlan};

const KEY: &str = "esrf:scan:01M82W5HG5RY0SAYK7EY23K0XN";

#[tokio::test]
async fn a_good_scan() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let mut scan = mapping_scan(&fixture).await;
    let mut bliss = MappingClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    assert_eq!(device.state().unwrap(), "ON");
    assert_eq!(reason(&device, &scan), "");
    scan.start().await;
    scan.send(2).await;
    bliss.during().unwrap();
    scan.send(1).await;
    scan.end("SUCCESS").await;
    bliss.end().unwrap();
    assert!(bliss.warnings().is_empty());
    device.wait_for("scan_state", &scan.key(), "OFF");
    assert_eq!(reason(&device, &scan), "Saving complete.");
    scan.assert_written();
    // A second request changes nothing.
    assert_eq!(device.call("SaveScan", scan.key()).unwrap(), true);
    assert_eq!(device.call("scan_state", scan.key()).unwrap(), "OFF");
}

#[tokio::test]
async fn an_unknown_scan() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    assert_eq!(device.call("SaveScan", KEY).unwrap(), false);
    assert_eq!(device.state().unwrap(), "ON");
    assert_eq!(device.call("scan_state", KEY).unwrap(), "UNKNOWN");
    for command in ["scan_state_reason", "GetWarningCount"] {
        let failure = device.call(command, KEY).unwrap_err();
        assert_eq!(failure.desc(), format!("KeyError: '{KEY}'"), "{command}");
        assert_eq!(failure.first().reason, "PyDs_PythonError");
        assert_eq!(failure.errors.last().unwrap().reason, "API_CommandFailed");
        assert_eq!(failure.kind, "DevFailed");
    }
    let which = json!({"scan_key": KEY, "index": 0}).to_string();
    let failure = device.call("GetWarning", which).unwrap_err();
    assert_eq!(failure.desc(), format!("KeyError: '{KEY}'"));
}

#[tokio::test]
async fn warnings_are_returned_one_by_one() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let mut scan = mapping_scan(&fixture).await;
    MappingClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    assert_eq!(device.call("GetWarningCount", scan.key()).unwrap(), 0);
    let ask = |which: Json| device.call("GetWarning", which.to_string()).unwrap_err();
    let failure = ask(json!({"scan_key": scan.key(), "index": 0}));
    assert_eq!(failure.desc(), "IndexError: list index out of range");
    let failure = ask(json!({"index": 0}));
    assert_eq!(failure.desc(), "KeyError: 'scan_key'");
    let failure = device.call("GetWarning", "no JSON").unwrap_err();
    let expected = "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)";
    assert_eq!(failure.desc(), expected);
    scan.run(3).await;
    device.wait_for("scan_state", &scan.key(), "OFF");
}

#[tokio::test]
async fn a_locked_file() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let file = fixture.file("a.h5");
    let mut holder = hold(&file);
    let mut scan = ScanPlan::new(&file).mapping().create(&fixture.store).await;
    let mut bliss = MappingClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    scan.start().await;
    scan.send(3).await;
    device.wait_until("the reason for which the scan waits", |device| {
        let reason = device.call("scan_state_reason", &*scan.key());
        reason.is_ok_and(|reason| reason.as_str().is_some_and(|text| text.contains("locked")))
    });
    bliss.during().unwrap();
    assert_eq!(device.call("scan_state", &*scan.key()).unwrap(), "ON");
    holder.signal("TERM");
    holder.wait_for("released");
    scan.end("SUCCESS").await;
    device.wait_for("scan_state", &scan.key(), "OFF");
    assert_eq!(read(&file, &[&scan.dataset()]), json!([scan.data()]));
}

#[tokio::test]
async fn a_scan_that_is_not_to_be_saved() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let plan = ScanPlan::new(&fixture.file("a.h5")).mapping().unsaved();
    let mut scan = plan.create(&fixture.store).await;
    assert_eq!(device.call("SaveScan", scan.key()).unwrap(), true);
    scan.run(3).await;
    device.wait_for("scan_state", &scan.key(), "OFF");
    assert_eq!(reason(&device, &scan), "Not to be saved, skip.");
    assert!(!scan.file.exists());
}

#[tokio::test]
async fn a_writer_that_is_stopped() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let mut scan = mapping_scan(&fixture).await;
    let mut bliss = MappingClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    scan.start().await;
    device.call("Stop", Json::Null).unwrap();
    assert_eq!(device.state().unwrap(), "OFF");
    assert_eq!(device.status().unwrap(), "The device is in OFF state.");
    // Running scans continue.
    scan.send(3).await;
    bliss.during().unwrap();
    scan.end("SUCCESS").await;
    device.wait_for("scan_state", &scan.key(), "OFF");
    scan.assert_written();

    let plan = ScanPlan::new(&fixture.file("b.h5")).mapping().number(2);
    let mut scan = plan.create(&fixture.store).await;
    assert_eq!(device.call("SaveScan", scan.key()).unwrap(), false);
    let refused = MappingClient::new(&device, scan.as_seen_by_bliss()).prepare();
    assert!(refused.unwrap_err().contains("in OFF state"));
    device.call("Start", Json::Null).unwrap();
    assert_eq!(device.state().unwrap(), "ON");
    assert_eq!(device.status().unwrap(), "The device is in ON state.");
    MappingClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.key(), "OFF");
}

#[tokio::test]
async fn init_is_refused_while_a_scan_is_written_and_forgets_afterwards() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let mut scan = mapping_scan(&fixture).await;
    MappingClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.start().await;
    let failure = device.call("Init", Json::Null).unwrap_err();
    assert_eq!(
        failure.desc(),
        format!(
            "RuntimeError: Cannot close while scans are being written: ['{}']",
            scan.key()
        )
    );
    assert!(failure.has_reason("API_InitThrowsException"), "{failure}");
    assert_eq!(device.state().unwrap(), "ON");
    scan.send(3).await;
    scan.end("SUCCESS").await;
    device.wait_for("scan_state", &scan.key(), "OFF");
    scan.assert_written();
    device.call("Init", Json::Null).unwrap();
    device.wait_for_state("ON");
    assert_eq!(device.call("scan_state", scan.key()).unwrap(), "UNKNOWN");
}

#[tokio::test]
async fn twenty_scans_at_once() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let mut scans: ConcurrentScans<MappingProtocol> =
        ConcurrentScans::gather(&fixture, &device, ScanPlan::mapping).await;
    scans.run().await;
    for scan in scans.scans() {
        device.wait_for("scan_state", &scan.key(), "OFF");
        scan.assert_written();
    }
    println!("the slowest answer took {:?}", scans.slowest());
}

/// Publishes a scan for this writer.
async fn mapping_scan(fixture: &Fixture) -> LiveScan {
    let plan = ScanPlan::new(&fixture.file("a.h5")).mapping();
    plan.create(&fixture.store).await
}

fn reason(device: &TangoDevice, scan: &LiveScan) -> String {
    let reason = device.call("scan_state_reason", scan.key()).unwrap();
    reason.as_str().unwrap().to_owned()
}
