//! Registration of devices in the Tango database, where BLISS finds the writer of its session.

use std::process::Command;

use serde_json::{Value as Json, json};
use testing::Program;

use crate::fixture::{DEVICE, Fixture};

const CLASS: &str = "NexusWriter";

#[tokio::test]
async fn a_session_gets_one_writer() {
    let fixture = Fixture::new().await;
    let (code, log) = register(&fixture, &["demo", "--log=info"]);
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("INFO "), "{log}");
    assert!(log.contains(&format!("/{DEVICE}' registered")), "{log}");
    assert!(log.contains("'tango://"), "{log}");
    assert_eq!(properties(&fixture, DEVICE), json!({"session": ["demo"]}));
    // A second registration reports the existing device, whatever its name.
    let (code, log) = register(&fixture, &["demo", "--log=info"]);
    assert_eq!(code, 0, "{log}");
    let line = log.lines().find(|line| line.contains(DEVICE)).unwrap();
    assert!(line.ends_with("' already registered"), "{log}");
    assert!(line.starts_with("INFO "), "{log}");
    let (code, log) = register(&fixture, &["demo", "--member=other"]);
    assert_eq!(code, 0, "{log}");
    assert!(log.starts_with("WARN "), "{log}");
    assert!(
        log.trim_end()
            .ends_with(&format!("/{DEVICE}' already registered")),
        "{log}"
    );
    assert_eq!(fixture.client.devices(CLASS).unwrap(), [DEVICE]);
    // Success is not logged by default.
    assert_eq!(register(&fixture, &["demo"]), (0, String::new()));
}

#[tokio::test]
async fn a_name_is_put_together() {
    let fixture = Fixture::new().await;
    let name = |beamline: &[(&str, &str)], arguments: &[&str]| {
        let mut command = fixture.command("RegisterNexusWriter");
        command.args(arguments).arg("--ignore_existing").arg("demo");
        command.envs(beamline.iter().copied());
        let (code, log) = ended(&mut command);
        assert_eq!(code, 0, "{log}");
    };
    name(&[], &["--domain", "a", "--family", "b", "--member", "c"]);
    name(&[("BEAMLINENAME", "ID11")], &[]);
    name(&[("BEAMLINENAME", "ID11"), ("BEAMLINE", "BM05")], &[]);
    let mut devices = fixture.client.devices(CLASS).unwrap();
    devices.sort();
    let expected = [
        "a/b/c",
        "bm05/bliss_nxwriter/demo",
        "id11/bliss_nxwriter/demo",
    ];
    assert_eq!(devices, expected);
    // BLISS could take any of them.
    let (code, log) = register(&fixture, &["demo"]);
    assert_eq!(code, 1, "{log}");
    assert!(
        log.contains("Found more than one writer for session 'demo': ["),
        "{log}"
    );
    assert!(expected.iter().all(|device| log.contains(device)), "{log}");
}

#[tokio::test]
async fn an_instance_serves_what_was_registered_for_it() {
    let fixture = Fixture::new().await;
    for session in ["one", "two"] {
        let (code, log) = register(&fixture, &[session, "--server=files", "--instance=shared"]);
        assert_eq!(code, 0, "{log}");
    }
    let mut service = fixture.command("NexusWriterService");
    service.args(["--server", "files", "shared"]);
    let _service = crate::fixture::start(&mut service);
    for session in ["one", "two"] {
        let device = fixture
            .client
            .device(&format!("id00/bliss_nxwriter/{session}"));
        device.wait_for_state("ON");
    }
}

#[tokio::test]
async fn a_name_that_is_taken() {
    let fixture = Fixture::new().await;
    assert_eq!(register(&fixture, &["demo"]).0, 0);
    let (code, log) = register(&fixture, &["other", "--member=DEMO"]);
    assert_eq!(code, 1, "{log}");
    let expected = "' is listening to Bliss session 'demo' instead of 'other'";
    assert!(log.contains(expected), "{log}");
    assert_eq!(properties(&fixture, DEVICE), json!({"session": ["demo"]}));
}

#[tokio::test]
async fn sessions_of_several_beacons() {
    let fixture = Fixture::new().await;
    let at = |host: &str, more: &[&str]| {
        let mut arguments = vec!["demo", "--log=info", "--beacon-host", host];
        arguments.extend(more);
        register(&fixture, &arguments)
    };
    assert_eq!(at("here:25000", &[]).0, 0);
    let expected = json!({"session": ["demo"], "beacon_host": ["here:25000"]});
    assert_eq!(properties(&fixture, DEVICE), expected);
    // A session of the same name in another Beacon is another session.
    let (code, log) = at("there:25000", &["--domain=id01"]);
    assert_eq!(code, 0, "{log}");
    assert!(
        log.contains("/id01/bliss_nxwriter/demo' registered"),
        "{log}"
    );
    let (code, log) = at("elsewhere:25000", &[]);
    assert_eq!(code, 1, "{log}");
    let expected = "' belongs to Beacon host 'here:25000' instead of 'elsewhere:25000'";
    assert!(log.contains(expected), "{log}");
}

#[tokio::test]
async fn the_mapping_writer_is_overwritten() {
    let fixture = Fixture::new().await;
    let register = |arguments: &[&str]| {
        let mut command = fixture.bliss_command();
        command.args(["tango", "register"]).args(arguments);
        ended(&mut command)
    };
    let (code, log) = register(&["redis://a:1"]);
    assert_eq!(code, 0, "{log}");
    let default = "id00/blisswriter/default";
    assert_eq!(
        properties(&fixture, default),
        json!({"redis_url": ["redis://a:1"]})
    );
    let (code, log) = register(&["redis://u:secret@b:2", "--member=default", "--session=demo"]);
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("secret"), "{log}");
    let expected = json!({"redis_url": ["redis://u:secret@b:2"], "session": ["demo"]});
    assert_eq!(properties(&fixture, default), expected);
    let (code, log) = register(&[
        "redis://a:1",
        "--domain=a",
        "--family=b",
        "--member=c",
        "--server=s",
        "--instance=i",
    ]);
    assert_eq!(code, 0, "{log}");
    assert!(
        log.contains("Registered Tango device a/b/c with server s/i"),
        "{log}"
    );
}

#[tokio::test]
async fn a_database_that_is_named() {
    let fixture = Fixture::new().await;
    let register = |host: &str| {
        let mut command = fixture.bliss_command();
        command.env("TANGO_HOST", "localhost:1");
        command.args(["tango", "register", "redis://a:1", "--tango-host", host]);
        ended(&mut command)
    };
    for (wrong, expected) in [
        (
            "here",
            r#"--tango-host must have the format "<host>:<port>""#,
        ),
        (
            "here:there",
            "--tango-host must have an integral port number",
        ),
        (
            "localhost:1",
            "cannot connect to the Tango database of localhost:1",
        ),
    ] {
        let (code, log) = register(wrong);
        assert_eq!(code, 1, "{log}");
        assert!(log.contains(expected), "{log}");
    }
    assert_eq!(register(&fixture.database.host()).0, 0);
    assert_eq!(
        fixture.client.devices("BlissWriter").unwrap(),
        ["id00/blisswriter/default"]
    );
    // The server finds the database too.
    let device = fixture.client.device("id00/blisswriter/default");
    device
        .put_properties(json!({"redis_url": fixture.url()}))
        .unwrap();
    let mut service = fixture.bliss_service();
    service.env("TANGO_HOST", "localhost:1");
    service.args(["--tango-host", &fixture.database.host()]);
    let _service = crate::fixture::start(&mut service);
    device.wait_for_state("ON");
}

#[tokio::test]
async fn wrong_arguments_are_usage_errors() {
    let fixture = Fixture::new().await;
    for arguments in [
        &[][..],
        &["a", "b"],
        &["--no-such-option", "a"],
        &["a", "--", "b"],
    ] {
        let (code, log) = register(&fixture, arguments);
        assert_eq!(code, 2, "{log}");
    }
    for arguments in [
        &["tango"][..],
        &["tango", "run"],
        &["tango", "register"],
        &["tango", "run", "a", "b"],
        &["tango", "run", "a", "--log-level=LOUD"],
        &["tango", "run", "a", "--", "-nodb"],
    ] {
        let (code, log) = ended(fixture.bliss_command().args(arguments));
        assert_eq!(code, 2, "{log}");
    }
    let (code, log) = ended(
        fixture
            .command("NexusWriterService")
            .args(["demo", "--patch=all"]),
    );
    assert_eq!(code, 2, "{log}");
}

fn register(fixture: &Fixture, arguments: &[&str]) -> (i32, String) {
    ended(fixture.command("RegisterNexusWriter").args(arguments))
}

/// Returns the exit code of a command, and its output.
fn ended(command: &mut Command) -> (i32, String) {
    let (status, log) = Program::start_with_output(command).end();
    let code = status.code();
    (code.unwrap_or_else(|| panic!("{status}\n{log}")), log)
}

fn properties(fixture: &Fixture, device: &str) -> Json {
    fixture.client.device(device).properties().unwrap()
}
