//! Where a writer listens, and when it does not start.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use testing::Program;

use crate::fixture::{Fixture, WRITER, Watched, run, session_writer};

/// Runs a command that has to fail. Returns its exit code and what it says.
fn failure(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(WRITER)
        .args(["run", "redis://127.0.0.1:1"])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn an_address_that_is_taken_or_unprotected_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (code, text) = failure(&[&format!("--http-listen={address}")]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains(&format!("cannot listen at {address}: ")),
        "{text}"
    );
    let (code, text) = failure(&["--http-listen=0.0.0.0:0"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("without a token file"), "{text}");
    for wrong in ["9610", "example.org:80", "127.0.0.1"] {
        let (code, text) = failure(&[&format!("--http-listen={wrong}")]);
        assert_eq!(code, Some(2));
        assert!(text.contains("neither an IP address with a port"), "{text}");
    }
}

#[test]
fn a_token_that_is_no_secret_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let option = format!("--http-token-file={}", file.display());
    let (code, text) = failure(&[&option]);
    assert_eq!(code, Some(2));
    assert!(text.contains("cannot read the token file"), "{text}");
    fs::write(&file, "correct-horse-battery").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, text) = failure(&[&option]);
    assert_eq!(code, Some(2));
    assert!(text.contains("can be read by all users"), "{text}");
    fs::write(&file, "short").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let (code, text) = failure(&[&option]);
    assert_eq!(code, Some(2));
    assert!(text.contains("at least 16"), "{text}");
}

#[test]
fn two_writers_without_options_answer_at_two_ports() {
    let start = || Watched::start(Command::new(WRITER).args(["run", "redis://127.0.0.1:1"]));
    let (one, other) = (start(), start());
    assert_ne!(one.address, other.address);
    assert!(one.address.ip().is_loopback() && other.address.ip().is_loopback());
    let log = other.end() + &one.end();
    assert!(log.contains("any free port"), "{log}");
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let fixture = Fixture::new().await;
    let mut command = Command::new(WRITER);
    command.args(["run", &fixture.url(), "--http-listen=off"]);
    let mut running = Program::start(&mut command);
    running.wait_for("subscribed");
    let threads = running.thread_count();
    assert!(!running.log().contains("http://"), "{}", running.log());
    let watched = Watched::start(&mut run(&fixture.url()));
    watched.wait_ready(true);
    assert!(watched.program.thread_count() > 0 && threads > 0);
    watched.end();
    running.signal("TERM");
    assert!(running.end().0.success());
}

#[tokio::test]
async fn commands_with_python_names_listen_only_if_asked() {
    let fixture = Fixture::new().await;
    let command = |options: &[&str]| {
        let mut command = Command::new(session_writer());
        command.args(["demo", "--log=info"]).args(options);
        command.env("REDIS_DATA_URL", fixture.url());
        command
    };
    let mut silent = Program::start_with_output(&mut command(&[]));
    silent.wait_for("scans are saved from now on");
    assert!(!silent.log().contains("http://"), "{}", silent.log());
    silent.signal("TERM");
    silent.end();
    let mut asked = Program::start_with_output(&mut command(&["--http-listen=localhost:0"]));
    asked.wait_for("metrics: http://127.0.0.1:");
    asked.signal("TERM");
    asked.end();
}

#[test]
fn the_address_is_in_the_runtime_directory() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = run("redis://127.0.0.1:1");
    let watched = Watched::start(command.env("RUNTIME_DIRECTORY", folder.path()));
    let file = folder.path().join("http.url");
    let expected = format!("http://{}/\n", watched.address);
    crate::fixture::wait_until("the file", || {
        fs::read_to_string(&file).is_ok_and(|text| text == expected)
    });
    watched.end();
    assert!(!file.exists());
}
