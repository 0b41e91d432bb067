//! Services that cannot start, or not at once.

use std::process::Command;

use serde_json::{Value as Json, json};
use testing::{NexusClient, Program};

use crate::scan::Plan;
use crate::stage::{BLISS_DEVICE, DEVICE, Stage, start};

#[tokio::test]
async fn an_instance_that_is_not_known() {
    let stage = Stage::new().await;
    let (code, log) = failed(stage.service());
    assert_eq!(code, 255, "{log}");
    let text = "The device server nexuswriter/demo is not defined in database. Exiting!";
    assert!(log.contains(text), "{log}");
}

#[tokio::test]
async fn no_session() {
    let stage = Stage::new().await;
    let device = stage.nexus_writer(json!({"session": null}));
    let (code, log) = failed(stage.service());
    assert_ne!(code, 0, "{log}");
    assert!(log.contains("session"), "{log}");
    assert!(!device.exported().unwrap());
}

#[tokio::test]
async fn another_beacon() {
    let stage = Stage::new().await;
    let device = stage.nexus_writer(json!({"beacon_host": "bibhelm:25000"}));
    let mut service = stage.service();
    service.env("BEACON_HOST", "elsewhere:25000");
    let (code, log) = failed(service);
    assert_ne!(code, 0, "{log}");
    let text = "Beacon host mismatch: 'elsewhere:25000' (environment) vs. 'bibhelm:25000' (tango device property)";
    assert!(log.contains(text), "{log}");
    assert!(!device.exported().unwrap());
    // The same one is not another one.
    let mut service = stage.service();
    let _service = start(service.env("BEACON_HOST", "bibhelm:25000"));
    device.wait_for_state("ON");
}

#[tokio::test]
async fn no_redis_for_the_told_writer() {
    let stage = Stage::new().await;
    let device = stage.bliss_writer();
    for url in [
        json!("redis://127.0.0.1:1"),
        Json::Null,
        json!("http://here"),
    ] {
        device.put_properties(json!({"redis_url": url})).unwrap();
        let (code, log) = failed(stage.bliss_service());
        assert_ne!(code, 0, "{log}");
        assert!(!device.exported().unwrap(), "{url}");
    }
}

#[tokio::test]
async fn started_twice() {
    let stage = Stage::new().await;
    let (device, _service) = stage.serve(json!({}));
    let (code, log) = failed(stage.service());
    assert_ne!(code, 0, "{log}");
    assert_eq!(device.state().unwrap(), "ON");
}

#[tokio::test]
async fn words_that_it_does_not_know() {
    let stage = Stage::new().await;
    for arguments in [
        &["--no-such-option", "demo"][..],
        &[],
        &["--log=loud", "demo"],
    ] {
        let mut command = stage.command("NexusWriterService");
        command.args(arguments);
        let (code, log) = failed(command);
        assert_eq!(code, 2, "{log}");
    }
}

#[tokio::test]
async fn one_ill_device_among_others() {
    let stage = Stage::new().await;
    let ill = stage.client.device("id00/bliss_nxwriter/ill");
    ill.add("nexuswriter/demo", "NexusWriter").unwrap();
    let (device, _service) = stage.serve(json!({}));
    ill.wait_for_state("FAULT");
    let status = ill.status().unwrap();
    assert!(status.contains("session"), "{status}");
    assert!(ill.call("Init", Json::Null).is_err());
    ill.put_properties(json!({"session": "other"})).unwrap();
    ill.call("Init", Json::Null).unwrap();
    ill.wait_for_state("ON");
    // Each for its own session.
    let plan = Plan::new(&stage.file("a.h5")).session("other");
    let mut scan = plan.create(&stage.store).await;
    NexusClient::new(&ill, scan.known()).prepare().unwrap();
    assert_eq!(device.call("scan_exists", &*scan.name).unwrap(), false);
    assert_eq!(device.state().unwrap(), "ON");
    scan.run(3).await;
    ill.wait_for("scan_state", &scan.name, "OFF");
    scan.assert_written();
}

#[tokio::test]
async fn before_the_database() {
    let mut stage = Stage::new().await;
    let device = stage.nexus_writer(json!({}));
    stage.database.stop();
    let mut service = Program::start_telling_all(&mut stage.service());
    stage.database.start();
    service.wait_for("Ready to accept request");
    device.wait_for_state("ON");
    let mut scan = Plan::new(&stage.file("a.h5")).create(&stage.store).await;
    NexusClient::new(&device, scan.known()).prepare().unwrap();
    scan.run(3).await;
    device.wait_for("scan_state", &scan.name, "OFF");
}

#[tokio::test]
async fn without_redis() {
    let stage = Stage::new().await;
    let device = stage.nexus_writer(json!({}));
    let mut service = stage.service();
    let _service = start(service.env("REDIS_DATA_URL", "redis://127.0.0.1:1"));
    device.wait_for_state("FAULT");
    let status = device.status().unwrap();
    assert!(!status.is_empty());
}

#[tokio::test]
async fn the_way_of_the_beamline() {
    let stage = Stage::new().await;
    let mut register = stage.command("RegisterNexusWriter");
    register
        .args(["demo", "--instance=demo"])
        .env("BEAMLINE", "ID00");
    let (status, log) = Program::start_telling_all(&mut register).end();
    assert_eq!(status.code(), Some(0), "{log}");
    // As BLISS finds the writer of its session.
    assert_eq!(stage.client.devices("NexusWriter").unwrap(), [DEVICE]);
    let device = stage.client.device(DEVICE);
    assert_eq!(device.properties().unwrap(), json!({"session": ["demo"]}));
    let _service = start(&mut stage.service());
    device.wait_for_state("ON");
}

#[tokio::test]
async fn the_way_of_the_told_writer() {
    let stage = Stage::new().await;
    let mut register = stage.bliss_command();
    let url = stage.url();
    register.args(["tango", "register", &url, "--session", "demo"]);
    let (status, log) = Program::start_telling_all(&mut register).end();
    assert_eq!(status.code(), Some(0), "{log}");
    let registered =
        format!("Registered Tango device {BLISS_DEVICE} with server BlissWriter/default");
    assert!(log.contains(&registered), "{log}");
    assert!(
        log.contains("Device serves the Bliss session 'demo'"),
        "{log}"
    );
    assert_eq!(stage.client.devices("BlissWriter").unwrap(), [BLISS_DEVICE]);
    let device = stage.client.device(BLISS_DEVICE);
    let properties = json!({"redis_url": [url], "session": ["demo"]});
    assert_eq!(device.properties().unwrap(), properties);
    let _service = start(&mut stage.bliss_service());
    device.wait_for_state("ON");
}

/// The exit code of a service that ends by itself, and what it told.
fn failed(mut command: Command) -> (i32, String) {
    let (status, log) = Program::start_telling_all(&mut command).end();
    let code = status.code();
    (code.unwrap_or_else(|| panic!("{status}\n{log}")), log)
}
