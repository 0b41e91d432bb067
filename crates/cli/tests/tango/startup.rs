//! Services that cannot start, or start late.

use std::process::Command;

use serde_json::{Value as Json, json};
use testing::{NexusClient, Program};

use crate::fixture::{BLISS_DEVICE, DEVICE, Fixture, start};
use crate::live_scan::ScanPlan;

#[tokio::test]
async fn an_instance_that_is_not_known() {
    let fixture = Fixture::new().await;
    let (code, log) = failed(fixture.service());
    assert_eq!(code, 255, "{log}");
    let text = "The device server nexuswriter/demo is not defined in database. Exiting!";
    assert!(log.contains(text), "{log}");
}

#[tokio::test]
async fn no_session() {
    let fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({"session": null}));
    let (code, log) = failed(fixture.service());
    assert_ne!(code, 0, "{log}");
    assert!(log.contains("session"), "{log}");
    assert!(!device.exported().unwrap());
}

#[tokio::test]
async fn another_beacon() {
    let fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({"beacon_host": "bibhelm:25000"}));
    let mut service = fixture.service();
    service.env("BEACON_HOST", "elsewhere:25000");
    let (code, log) = failed(service);
    assert_ne!(code, 0, "{log}");
    let text = "Beacon host mismatch: 'elsewhere:25000' (environment) vs. 'bibhelm:25000' (tango device property)";
    assert!(log.contains(text), "{log}");
    assert!(!device.exported().unwrap());
    // The same address in both places is accepted.
    let mut service = fixture.service();
    let _service = start(service.env("BEACON_HOST", "bibhelm:25000"));
    device.wait_for_state("ON");
}

#[tokio::test]
async fn no_redis_for_the_mapping_writer() {
    let fixture = Fixture::new().await;
    let device = fixture.bliss_writer();
    for url in [
        json!("redis://127.0.0.1:1"),
        Json::Null,
        json!("http://here"),
    ] {
        device.put_properties(json!({"redis_url": url})).unwrap();
        let (code, log) = failed(fixture.bliss_service());
        assert_ne!(code, 0, "{log}");
        assert!(!device.exported().unwrap(), "{url}");
    }
}

#[tokio::test]
async fn started_twice() {
    let fixture = Fixture::new().await;
    let (device, _service) = fixture.serve(json!({}));
    let (code, log) = failed(fixture.service());
    assert_ne!(code, 0, "{log}");
    assert_eq!(device.state().unwrap(), "ON");
}

#[tokio::test]
async fn arguments_that_it_does_not_know() {
    let fixture = Fixture::new().await;
    for arguments in [
        &["--no-such-option", "demo"][..],
        &[],
        &["--log=loud", "demo"],
    ] {
        let mut command = fixture.command("NexusWriterService");
        command.args(arguments);
        let (code, log) = failed(command);
        assert_eq!(code, 2, "{log}");
    }
}

#[tokio::test]
async fn one_device_in_fault_among_others() {
    let fixture = Fixture::new().await;
    let broken = fixture.client.device("id00/bliss_nxwriter/ill");
    broken.add("nexuswriter/demo", "NexusWriter").unwrap();
    let (device, _service) = fixture.serve(json!({}));
    broken.wait_for_state("FAULT");
    let status = broken.status().unwrap();
    assert!(status.contains("session"), "{status}");
    assert!(broken.call("Init", Json::Null).is_err());
    broken.put_properties(json!({"session": "other"})).unwrap();
    broken.call("Init", Json::Null).unwrap();
    broken.wait_for_state("ON");
    // Each device saves the scans of its own session.
    let plan = ScanPlan::new(&fixture.file("a.h5")).session("other");
    let mut scan = plan.create(&fixture.store).await;
    NexusClient::new(&broken, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    assert_eq!(device.call("scan_exists", &*scan.name).unwrap(), false);
    assert_eq!(device.state().unwrap(), "ON");
    scan.run(3).await;
    broken.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
}

#[tokio::test]
async fn before_the_database() {
    let mut fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({}));
    fixture.database.stop();
    let mut service = Program::start_with_output(&mut fixture.service());
    fixture.database.start();
    service.wait_for("Ready to accept request");
    device.wait_for_state("ON");
    let mut scan = ScanPlan::new(&fixture.file("a.h5"))
        .create(&fixture.store)
        .await;
    NexusClient::new(&device, scan.as_seen_by_bliss())
        .prepare()
        .unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
}

#[tokio::test]
async fn without_redis() {
    let fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({}));
    let mut service = fixture.service();
    let _service = start(service.env("REDIS_DATA_URL", "redis://127.0.0.1:1"));
    device.wait_for_state("FAULT");
    let status = device.status().unwrap();
    assert!(!status.is_empty());
}

#[tokio::test]
async fn registration_and_start_of_the_nexus_writer() {
    let fixture = Fixture::new().await;
    let mut register = fixture.command("RegisterNexusWriter");
    register
        .args(["demo", "--instance=demo"])
        .env("BEAMLINE", "ID00");
    let (status, log) = Program::start_with_output(&mut register).end();
    assert_eq!(status.code(), Some(0), "{log}");
    // As BLISS finds the writer of its session.
    assert_eq!(fixture.client.devices("NexusWriter").unwrap(), [DEVICE]);
    let device = fixture.client.device(DEVICE);
    assert_eq!(device.properties().unwrap(), json!({"session": ["demo"]}));
    let _service = start(&mut fixture.service());
    device.wait_for_state("ON");
}

#[tokio::test]
async fn registration_and_start_of_the_mapping_writer() {
    let fixture = Fixture::new().await;
    let mut register = fixture.bliss_command();
    let url = fixture.url();
    register.args(["tango", "register", &url, "--session", "demo"]);
    let (status, log) = Program::start_with_output(&mut register).end();
    assert_eq!(status.code(), Some(0), "{log}");
    let registered =
        format!("Registered Tango device {BLISS_DEVICE} with server BlissWriter/default");
    assert!(log.contains(&registered), "{log}");
    assert!(
        log.contains("Device serves the Bliss session 'demo'"),
        "{log}"
    );
    assert_eq!(
        fixture.client.devices("BlissWriter").unwrap(),
        [BLISS_DEVICE]
    );
    let device = fixture.client.device(BLISS_DEVICE);
    let properties = json!({"redis_url": [url], "session": ["demo"]});
    assert_eq!(device.properties().unwrap(), properties);
    let _service = start(&mut fixture.bliss_service());
    device.wait_for_state("ON");
}

/// Tango's Starter starts the file that has the name of the server, with the instance as its argument.
#[tokio::test]
async fn started_by_the_name_of_the_server() {
    let fixture = Fixture::new().await;
    let devices = [fixture.nexus_writer(json!({})), fixture.bliss_writer()];
    let _services =
        [("nexuswriter", "demo"), ("BlissWriter", "default")].map(|(server, instance)| {
            let mut service = fixture.command(server);
            start(service.arg(instance).env("NEXUS_WRITER_LOG_LEVEL", "info"))
        });
    for device in devices {
        device.wait_for_state("ON");
    }
}

/// Returns the exit code of a service that ends by itself, and its output.
fn failed(mut command: Command) -> (i32, String) {
    let (status, log) = Program::start_with_output(&mut command).end();
    let code = status.code();
    (code.unwrap_or_else(|| panic!("{status}\n{log}")), log)
}
