//! Settings of devices: properties go before the file, and variables and options go before properties.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use testing::{Program, TangoDevice};

use crate::fixture::{DEVICE, Fixture, start};
use crate::live_scan::ScanPlan;

/// More MB than any disk has. The largest number of the text that clients see tells which limit holds.
const LIMITS: [u64; 4] = [1_000_000_001, 1_000_000_002, 1_000_000_003, 1_000_000_004];

fn write(fixture: &Fixture, content: &str) -> PathBuf {
    let file = fixture.file("nexus-writer.toml");
    std::fs::write(&file, content).unwrap();
    file
}

/// Returns what the device says about the disk of a scan.
async fn limit(fixture: &Fixture, device: &TangoDevice, number: u64) -> String {
    let plan = ScanPlan::new(&fixture.file("a.h5")).number(number);
    let scan = plan.create(&fixture.store).await;
    device.wait_for("scan_exists", &scan.name, true);
    let error = device.call("scan_disk_space_error", scan.name.as_str());
    error.unwrap().as_str().unwrap().to_owned()
}

/// Starts a service, and waits until its device listens. It may be RUNNING then: it goes on with scans of before.
fn serve(service: &mut Command) -> Program {
    let mut running = start(service);
    running.wait_for("subscribed");
    running
}

#[tokio::test]
async fn a_device_takes_its_settings_in_one_order() {
    let fixture = Fixture::new().await;
    let [base, session, property, variable] = LIMITS;
    let text = |limit: u64| format!("Free disk space below {limit} MB");
    let device = fixture.nexus_writer(json!({}));
    let content = format!(
        "saving.required-disk-space-mb = {base}\n\
         [session.other.saving]\nrequired-disk-space-mb = {variable}\n"
    );
    let file = write(&fixture, &content);
    // A file that nobody names is not read.
    let running = serve(&mut fixture.service());
    assert_eq!(limit(&fixture, &device, 1).await, "");
    drop(running);
    let mut service = fixture.service();
    service.arg("--config").arg(&file);
    let running = serve(&mut service);
    assert_eq!(limit(&fixture, &device, 2).await, text(base));
    drop(running);
    let own = format!("[session.demo.saving]\nrequired-disk-space-mb = {session}\n");
    write(&fixture, &format!("{content}{own}"));
    let running = serve(&mut service);
    assert_eq!(limit(&fixture, &device, 3).await, text(session));
    drop(running);
    let properties = json!({"required_disk_space": property.to_string()});
    device.put_properties(properties).unwrap();
    let running = serve(&mut service);
    assert_eq!(limit(&fixture, &device, 4).await, text(property));
    drop(running);
    service.env(
        "NEXUS_WRITER_SAVING_REQUIRED_DISK_SPACE_MB",
        variable.to_string(),
    );
    let running = serve(&mut service);
    assert_eq!(limit(&fixture, &device, 5).await, text(variable));
    drop(running);
}

#[tokio::test]
async fn a_file_says_where_the_redis_of_a_session_is() {
    let fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({}));
    let content = format!(
        "redis.url = 'redis://127.0.0.1:1'\n[session.demo.redis]\nurl = {:?}\n",
        fixture.url()
    );
    let file = write(&fixture, &content);
    let mut service = fixture.service();
    service.env_remove("REDIS_DATA_URL");
    let running = serve(service.arg("--config").arg(&file));
    drop(running);
    // The option goes before it, and the device cannot reach that server.
    let _running = start(service.arg("--redis=http://nowhere"));
    device.wait_for_state("FAULT");
    let status = device.status().unwrap();
    assert!(status.contains("unknown scheme"), "{status}");
}

#[tokio::test]
async fn an_option_goes_before_a_property() {
    let fixture = Fixture::new().await;
    let device = fixture.nexus_writer(json!({"model": "node"}));
    assert_eq!(device.name(), DEVICE);
    let _running = serve(fixture.service().arg("--model=blissdata"));
}

#[tokio::test]
async fn a_file_that_is_wrong_is_an_error_before_anything_is_served() {
    let fixture = Fixture::new().await;
    let file = write(&fixture, "[session.demo.saving]\nkeepshap = true\n");
    for program in ["NexusWriterService", "nexus-writer"] {
        let mut command = fixture.command(program);
        if program == "nexus-writer" {
            command.args(["tango", "run"]);
        }
        let output = command.arg("demo").arg("--config").arg(&file).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let expected = format!(
            "{program}: {}:2:1: session.demo.saving.keepshap is no setting; is saving.keepshape meant?\n",
            file.display()
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    }
}
