//! The Tango device of the session.

use serde_json::Value as Json;

use crate::fixture::Beamline;

#[tokio::test]
async fn no_database() {
    let mut beamline = Beamline::new().await;
    beamline.database.stop();
    let findings = beamline.findings();
    findings.assert_only(&[("Tango database", "problem")]);
    findings.assert_skipped(&["Tango device"]);
}

#[tokio::test]
async fn no_address_of_the_database() {
    let beamline = Beamline::new().await;
    let findings = crate::findings::Findings::of(beamline.doctor().env_remove("TANGO_HOST"));
    findings.assert_only(&[("Tango database", "problem")]);
}

#[tokio::test]
async fn not_registered() {
    let beamline = Beamline::new().await;
    let findings = beamline.findings();
    findings.assert_only(&[("Tango device", "problem")]);
    let advice = &findings.get("Tango device").advice;
    assert!(advice.contains("RegisterNexusWriter demo"), "{advice}");
    // The writer `mapping` has another class.
    beamline.register();
    beamline.installation.set_writer("mapping").await;
    let findings = beamline.findings();
    findings.assert_only(&[("Tango device", "problem")]);
    let found = &findings.get("Tango device").found;
    assert!(found.contains("class BlissWriter"), "{found}");
}

#[tokio::test]
async fn not_running() {
    let beamline = Beamline::new().await;
    beamline.register();
    let findings = beamline.findings();
    findings.assert_only(&[("Tango device", "problem")]);
    let found = &findings.get("Tango device").found;
    assert!(found.ends_with("its server does not run"), "{found}");
}

#[tokio::test]
async fn killed() {
    let beamline = Beamline::new().await;
    let service = beamline.serve();
    service.signal("KILL");
    service.end();
    let findings = beamline.findings();
    findings.assert_only(&[("Tango device", "problem")]);
    let found = &findings.get("Tango device").found;
    assert!(found.contains("does not answer"), "{found}");
}

#[tokio::test]
async fn stopped() {
    let beamline = Beamline::new().await;
    let _service = beamline.serve();
    beamline.device.call("stop", Json::Null).unwrap();
    beamline.device.wait_for_state("OFF");
    let findings = beamline.findings();
    findings.assert_only(&[("Tango device", "problem")]);
    assert!(findings.get("Tango device").advice.contains("`start`"));
}
