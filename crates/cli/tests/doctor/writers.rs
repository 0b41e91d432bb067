//! Other writers that save the session.

use testing::Program;

use crate::fixture::Beamline;

const CHECK: &str = "other writers";

/// Starts a writer without Tango beside the device.
fn second_writer(beamline: &Beamline, data_writer: &str) -> Program {
    let installation = &beamline.installation;
    let filter = format!("--data-writer={data_writer}");
    let mut command = installation.command(&["session", "demo", &filter, "--http-listen=off"]);
    let mut writer = Program::start(&mut command);
    writer.wait_for("subscribed");
    writer
}

#[tokio::test]
async fn of_all_scans() {
    let beamline = Beamline::new().await;
    let service = beamline.serve();
    let second = second_writer(&beamline, "any");
    let findings = beamline.findings();
    findings.assert_only(&[(CHECK, "problem")]);
    let found = &findings.get(CHECK).found;
    for process in [&service, &second] {
        let name = format!("process {} on ", process.id());
        assert!(found.contains(&name), "{found}");
    }
    // When it is killed, the device is alone.
    second.signal("KILL");
    second.end();
    beamline.findings().assert_only(&[]);
}

#[tokio::test]
async fn of_the_same_scans() {
    let beamline = Beamline::new().await;
    let _service = beamline.serve();
    let _second = second_writer(&beamline, "nexus");
    beamline.findings().assert_only(&[(CHECK, "warning")]);
}

#[tokio::test]
async fn of_other_scans() {
    let beamline = Beamline::new().await;
    let _service = beamline.serve();
    let _second = second_writer(&beamline, "external");
    beamline.findings().assert_only(&[]);
}

#[tokio::test]
async fn elsewhere() {
    let installation = crate::fixture::Installation::new().await;
    // The keys of a writer on another machine, as docs/formats.md specifies them.
    let group = "nexus-writer:demo:external";
    let member = "elsewhere/boot/pid:[1]/4711/1/0";
    for command in [
        format!("XGROUP CREATE _SCAN_HISTORY_ {group} $ MKSTREAM"),
        format!("XGROUP CREATECONSUMER _SCAN_HISTORY_ {group} {member}"),
        format!("SET {group}:{member} 1 EX 3600"),
    ] {
        installation.call(&command).await;
    }
    let findings = installation.findings();
    findings.assert_only(&[(CHECK, "warning")]);
    let found = &findings.get(CHECK).found;
    assert!(found.contains("process 4711 on elsewhere"), "{found}");
    // Without its heartbeat it is dead.
    installation.call(&format!("DEL {group}:{member}")).await;
    installation.findings().assert_only(&[]);
}
