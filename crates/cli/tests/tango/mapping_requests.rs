//! Requests that the writer `mapping` has accepted.

use blissdata::document::ScanIdentity;
use serde_json::{Value as Json, json};
use simulation::publish::ScanPublisher;
use testing::{MappingClient, TangoDevice};

use crate::fixture::{BLISS_DEVICE, Fixture};
use crate::live_scan::{LiveScan, ScanPlan};

const MAX_CONCURRENT_SCANS: u64 = 100;

#[tokio::test]
async fn warnings_are_there_while_the_scan_runs() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let file = fixture.file("a.h5");
    let file = file.to_str().unwrap();
    let id = ScanIdentity {
        name: "ct".to_owned(),
        number: 1,
        data_policy: "None".to_owned(),
        session: Some("demo".to_owned()),
        proposal: None,
        collection: None,
        dataset: None,
        path: Some(file.to_owned()),
    };
    let layout = json!({"type": "group", "children": {"1.1": {"type": "nothing of this kind"}}});
    let info = json!({"data_writer": "mapping", "h5maps": {file: layout}});
    let mut scan = ScanPublisher::create(&fixture.store, id, info)
        .await
        .unwrap();
    let key = scan.key().to_string();
    assert_eq!(device.call("SaveScan", &*key).unwrap(), true);
    device.wait_for("scan_state", &key, "ON");
    assert_eq!(device.call("GetWarningCount", &*key).unwrap(), 0);
    scan.prepare().await.unwrap();
    scan.start().await.unwrap();
    device.wait_for("GetWarningCount", &key, 1);
    assert_eq!(device.call("scan_state", &*key).unwrap(), "ON");
    let which = json!({"scan_key": key, "index": 0}).to_string();
    let warning = device.call("GetWarning", &*which).unwrap();
    assert!(warning.as_str().unwrap().contains("/1.1"), "{warning}");
    scan.stop().await.unwrap();
    scan.close("SUCCESS").await.unwrap();
    // A part of the layout is missing in the file.
    device.wait_for("scan_state", &key, "FAULT");
    assert_eq!(device.call("scan_state_reason", &*key).unwrap(), warning);
    assert_eq!(device.call("GetWarning", &*which).unwrap(), warning);
}

#[tokio::test]
async fn more_scans_than_are_saved_at_once_wait_for_their_turn() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let mut scans = Vec::new();
    for number in 1..=MAX_CONCURRENT_SCANS + 1 {
        let plan = ScanPlan::new(&fixture.file("a.h5"))
            .mapping()
            .number(number);
        let scan = plan.create(&fixture.store).await;
        assert_eq!(device.call("SaveScan", scan.key()).unwrap(), true);
        scans.push(scan);
    }
    let mut last = scans.pop().unwrap();
    for scan in &scans {
        device.wait_for("scan_state", &scan.key(), "ON");
    }
    assert_eq!(state(&device, &last), "INIT");
    scans[0].run(3).await;
    device.wait_for("scan_state", &scans[0].key(), "OFF");
    device.wait_for("scan_state", &last.key(), "ON");
    last.run(3).await;
    device.wait_for("scan_state", &last.key(), "OFF");
    last.assert_written();
}

#[tokio::test]
async fn a_device_that_is_restarted_saves_the_accepted_scans() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let mut ended = ScanPlan::new(&fixture.file("a.h5"))
        .mapping()
        .create(&fixture.store)
        .await;
    MappingClient::new(&device, ended.as_seen_by_bliss())
        .prepare()
        .unwrap();
    ended.run(3).await;
    device.wait_for("scan_state", &ended.key(), "OFF");
    let plan = ScanPlan::new(&fixture.file("a.h5")).mapping().number(2);
    let mut scan = plan.create(&fixture.store).await;
    let mut bliss = MappingClient::new(&device, scan.as_seen_by_bliss());
    bliss.prepare().unwrap();
    scan.start().await;
    scan.send(2).await;
    let admin = fixture.client.device("dserver/BlissWriter/default");
    admin.call("DevRestart", BLISS_DEVICE).unwrap();
    device.wait_for_state("ON");
    bliss.during().unwrap();
    assert_eq!(state(&device, &scan), "ON");
    assert_eq!(state(&device, &ended), "UNKNOWN");
    scan.send(1).await;
    scan.end("SUCCESS").await;
    device.wait_for("scan_state", &scan.key(), "OFF");
    scan.assert_written();
}

#[tokio::test]
async fn a_device_in_fault_can_be_repaired() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve_bliss();
    let broken = json!({"redis_url": "redis://127.0.0.1:1"});
    device.put_properties(broken).unwrap();
    assert!(device.call("Init", Json::Null).is_err());
    assert_eq!(device.state().unwrap(), "FAULT");
    let status = device.status().unwrap();
    assert!(status.contains("redis://127.0.0.1:1"), "{status}");
    for command in ["Start", "Stop"] {
        let failure = device.call(command, Json::Null).unwrap_err();
        let expected = "RuntimeError: Device is in FAULT state and cannot be resumed. Run the Init \
                        command to reinitialize it.";
        assert_eq!(failure.desc(), expected);
    }
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .mapping()
        .create(&fixture.store)
        .await;
    assert_eq!(device.call("SaveScan", scan.key()).unwrap(), false);
    let whole = json!({"redis_url": fixture.url()});
    device.put_properties(whole).unwrap();
    device.call("Init", Json::Null).unwrap();
    device.wait_for_state("ON");
    MappingClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.key(), "OFF");
}

fn state(device: &TangoDevice, scan: &LiveScan) -> Json {
    device.call("scan_state", scan.key()).unwrap()
}
