//! Stores that cannot be reached, are not ready, or hold something else.

use std::process::Command;

use blissdata::store::DataStore;
use redis_client::Command as RedisCommand;
use simulation::redis::{PrivateRedis, RedisOptions};
use testing::Program;

use crate::fixture::{Fixture, WRITER};

const KEY: &str = "esrf:scan:01M82Y7PBE5ARXMK29K55ZRRJ4";

fn refusal(args: &[&str]) -> String {
    let output = Command::new(WRITER)
        .args(args)
        .env_remove("BEACON_HOST")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn wrong_arguments_are_usage_errors() {
    assert!(refusal(&["save", "http://here:1", KEY]).contains("unknown scheme"));
    assert!(refusal(&["save", "redis://localhost:1/zero", KEY]).contains("database"));
    assert!(refusal(&["save", "redis://localhost:1", "scan"]).contains("esrf:scan:"));
    assert!(refusal(&["save", "redis://localhost:1"]).contains("KEY"));
    assert!(refusal(&["--log", "loud", "save", "redis://localhost:1", KEY]).contains("loud"));
    refusal(&["frobnicate"]);
}

#[test]
fn an_absent_server_is_an_error() {
    let message = refusal(&["save", "unix:///nowhere/redis.sock", KEY]);
    assert!(message.contains("/nowhere/redis.sock"), "{message}");
    // Nothing listens on port 1.
    let message = refusal(&["save", "redis://user:secret@127.0.0.1:1", KEY]);
    assert!(
        message.contains("127.0.0.1:1") && !message.contains("secret"),
        "{message}"
    );
}

#[tokio::test]
async fn an_empty_database_is_waited_for() {
    let server = PrivateRedis::start(&RedisOptions::new()).await.unwrap();
    let url = server.url();
    let mut running = Program::start(Command::new(WRITER).args(["save", &url.with_secrets(), KEY]));
    running.wait_for("not initialised");
    let store = DataStore::connect(&url).await.unwrap();
    simulation::initialise(&store).await.unwrap();
    // Now it looks up the scan, which does not exist.
    assert_eq!(running.end().0.code(), Some(1));
}

#[tokio::test]
async fn waiting_ends_with_a_signal() {
    let server = PrivateRedis::start(&RedisOptions::new()).await.unwrap();
    let url = server.url().with_secrets();
    let mut running = Program::start(Command::new(WRITER).args(["run", &url]));
    running.wait_for("not initialised");
    running.signal("TERM");
    assert!(running.end().0.success());
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let fixture = Fixture::new().await;
    let version = RedisCommand::new("SET").arg("_PROTOCOL_VERSION_").arg(2u64);
    fixture.store.call(&version).await.unwrap();
    let message = refusal(&["save", &fixture.url(), KEY]);
    assert!(message.contains("protocol version"), "{message}");
}

#[tokio::test]
async fn passwords_work_and_are_not_printed() {
    let options = RedisOptions::new().user("writer", "s3cret", "~* &* +@all");
    let server = PrivateRedis::start(&options).await.unwrap();
    let url = server
        .url()
        .with_credentials(Some("writer"), Some("s3cret"));
    for form in [vec!["run"], vec!["session", "demo", "--redis"]] {
        let mut running = Program::start(Command::new(WRITER).args(&form).arg(url.with_secrets()));
        running.wait_for("not initialised");
        let arguments = running.arguments();
        assert_eq!(arguments[1..arguments.len() - 1], form);
        assert!(!arguments.concat().contains("s3cret"), "{arguments:?}");
        let (status, log) = running.interrupt();
        assert!(status.success() && !log.contains("s3cret"), "{log}");
    }
    let wrong = server.url().with_credentials(Some("writer"), Some("gu3ss"));
    let message = refusal(&["save", &wrong.with_secrets(), KEY]);
    assert!(
        message.contains("WRONGPASS") && !message.contains("gu3ss"),
        "{message}"
    );
}
