//! Metrics, health and messages for systemd of a device server.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use testing::{Metrics, Program, ServiceManager, http_get};

use crate::fixture::{Fixture, start};

/// The limit of each wait: no correct program takes that long, even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Finds in the log where a service answers.
fn address(service: &mut Program) -> SocketAddr {
    let line = service.wait_for_line("an address", |line| line.contains("metrics: http://"));
    let (_, address) = line.split_once("metrics: http://").unwrap();
    let (address, _) = address.split_once("/metrics").unwrap();
    address.parse().unwrap()
}

fn readiness(address: SocketAddr) -> Json {
    serde_json::from_str(&http_get(address, "/readyz", &[]).body).unwrap()
}

/// Returns whether a condition holds.
fn holds(readiness: &Json, name: &str) -> Option<bool> {
    let checks = readiness["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name)?;
    found["ok"].as_bool()
}

fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT_LIMIT;
    while !is_true() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn a_service_tells_whether_its_devices_can_be_reached() {
    let mut fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({}));
    let mut manager = ServiceManager::new();
    let mut command = fixture.service();
    command.arg("--http-listen=127.0.0.1:0");
    let mut service = start(manager.supervise(&mut command));
    let address = address(&mut service);
    manager.wait_for("READY=1");
    wait_until("ready", || readiness(address)["ready"] == true);
    let ready = readiness(address);
    for name in ["tango", "redis", "subscribed", "disk"] {
        assert_eq!(holds(&ready, name), Some(true), "{ready}");
    }
    let checks = ready["checks"].as_array().unwrap();
    let redis = checks.iter().find(|check| check["name"] == "redis");
    assert_eq!(redis.unwrap()["session"], "demo");

    let calls = |outcome: &str| {
        let metrics = Metrics::read(&http_get(address, "/metrics", &[]).body);
        metrics.value(&format!(
            "nexus_writer_tango_calls_total{{class=\"NexusWriter\",outcome=\"{outcome}\"}}"
        ))
    };
    let before = (calls("answered"), calls("failed"));
    device.read("scan_names").unwrap();
    device.call("scan_state", "no such scan").unwrap_err();
    assert!(calls("answered") > before.0);
    assert_eq!(calls("failed"), before.1 + 1.0);

    fixture.database.stop();
    wait_until("not exported", || {
        holds(&readiness(address), "tango") == Some(false)
    });
    let metrics = Metrics::read(&http_get(address, "/metrics", &[]).body);
    assert_eq!(metrics.value("nexus_writer_ready"), 0.0);
    assert_eq!(http_get(address, "/livez", &[]).status, 200);
    fixture.database.start();
    wait_until("exported", || {
        holds(&readiness(address), "tango") == Some(true)
    });
    service.signal("TERM");
    manager.wait_for("STOPPING=1");
    assert!(service.end().0.success());
}

#[tokio::test]
async fn a_service_does_not_listen_unless_it_is_asked_to() {
    let fixture = Fixture::new().await;
    let (_device, service) = fixture.serve(json!({}));
    assert!(!service.log().contains("http://"), "{}", service.log());
    service.signal("TERM");
    assert!(service.end().0.success());
}
