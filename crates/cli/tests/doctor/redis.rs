//! Redis: its address, its data model, its password, its memory, its clock.

use std::net::TcpListener;

use blissdata::store::PROTOCOL_VERSION_KEY;
use simulation::redis::{PrivateRedis, RedisModules};
use testing::free_port;

use crate::findings::Findings;
use crate::fixture::{Installation, initialise, redis_options};
use crate::time_shift::TimeShift;

/// What cannot be checked without Redis.
const DEPENDENT: [&str; 5] = [
    "data model",
    "memory of Redis",
    "clock",
    "writer of BLISS",
    "other writers",
];

/// What is said of a server that has no `SCAN_SAVING`.
const NO_SETTINGS: (&str, &str) = ("writer of BLISS", "warning");

#[tokio::test]
async fn nothing_listens() {
    let installation = Installation::new().await;
    let url = format!("redis://127.0.0.1:{}", free_port());
    let findings = Findings::of(installation.doctor().args(["--redis", &url]));
    findings.assert_only(&[("Redis", "problem")]);
    findings.assert_skipped(&DEPENDENT);
    assert!(
        findings.get("Redis").found.contains(&url),
        "{}",
        findings.text
    );
}

#[tokio::test]
async fn a_server_that_is_silent_is_not_waited_for() {
    let installation = Installation::new().await;
    // The system accepts connections, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let mut command = installation.doctor_within(5, &["demo", "--http-listen=off"]);
    command
        .args(["--redis", &format!("redis://{address}")])
        .env("BEACON_HOST", address.to_string())
        .env("TANGO_HOST", address.to_string());
    let findings = Findings::of(&mut command);
    findings.assert_only(&[
        ("Redis", "problem"),
        ("Beacon", "problem"),
        ("Tango database", "problem"),
    ]);
    findings.assert_skipped(&DEPENDENT);
}

#[tokio::test]
async fn nothing_says_where_it_is() {
    let installation = Installation::new().await;
    let findings = Findings::of(installation.doctor().env_remove("REDIS_DATA_URL"));
    findings.assert_only(&[("Redis", "problem")]);
    assert!(findings.get("Redis").advice.contains("BEACON_HOST"));
}

#[tokio::test]
async fn not_initialised() {
    let installation = Installation::new().await;
    let server = PrivateRedis::start(&redis_options()).await.unwrap();
    let url = server.url().with_secrets();
    let findings = Findings::of(installation.doctor().args(["--redis", &url]));
    findings.assert_only(&[("data model", "problem"), NO_SETTINGS]);
    assert!(
        findings
            .get("data model")
            .advice
            .starts_with("Start Beacon")
    );
    findings.assert_skipped(&["other writers"]);
}

#[tokio::test]
async fn without_modules() {
    let installation = Installation::new().await;
    let options = redis_options().modules(RedisModules::None);
    let server = PrivateRedis::start(&options).await.unwrap();
    let url = server.url().with_secrets();
    let findings = Findings::of(installation.doctor().args(["--redis", &url]));
    findings.assert_only(&[("data model", "problem"), NO_SETTINGS]);
    let finding = findings.get("data model");
    assert!(finding.found.contains("RedisJSON"), "{finding:?}");
    assert!(finding.advice.contains("BLISS 1"), "{finding:?}");
    // Such a server is right for BLISS 1.
    let mut command = installation.doctor();
    let findings = Findings::of(command.args(["--redis", &url, "--model=node"]));
    findings.assert_only(&[NO_SETTINGS]);
}

#[tokio::test]
async fn another_protocol() {
    let installation = Installation::new().await;
    installation
        .call(&format!("SET {PROTOCOL_VERSION_KEY} 7"))
        .await;
    let findings = installation.findings();
    findings.assert_only(&[("data model", "problem")]);
    assert!(
        findings.get("data model").found.contains("\"7\""),
        "{}",
        findings.text
    );
}

#[tokio::test]
async fn a_password_is_missing_or_wrong() {
    const RIGHT: &str = "Tr0ub4dor";
    const WRONG: &str = "Passw0rd";
    let installation = Installation::new().await;
    let server = PrivateRedis::start(&redis_options().password(RIGHT))
        .await
        .unwrap();
    initialise(&server).await;
    let url = server.tcp_url().unwrap();
    let with = |password: Option<&str>| url.clone().with_credentials(None, password).with_secrets();
    for refused in [with(None), with(Some(WRONG))] {
        let findings = Findings::of(installation.doctor().env("REDIS_DATA_URL", refused));
        findings.assert_only(&[("Redis", "problem")]);
        findings.assert_skipped(&DEPENDENT);
        assert!(findings.get("Redis").advice.contains("password"));
        assert!(!findings.text.contains(WRONG), "{}", findings.text);
    }
    let findings = Findings::of(
        installation
            .doctor()
            .env("REDIS_DATA_URL", with(Some(RIGHT))),
    );
    findings.assert_only(&[NO_SETTINGS]);
    assert!(!findings.text.contains(RIGHT), "{}", findings.text);
}

#[tokio::test]
async fn keys_are_dropped() {
    let installation = Installation::new().await;
    installation
        .call("CONFIG SET maxmemory-policy allkeys-lru")
        .await;
    let findings = installation.findings();
    findings.assert_only(&[("memory of Redis", "problem")]);
    assert!(
        findings
            .get("memory of Redis")
            .advice
            .contains("noeviction")
    );
}

#[tokio::test]
async fn memory_has_no_limit_or_is_used_up() {
    let installation = Installation::new().await;
    installation.call("CONFIG SET maxmemory 0").await;
    let findings = installation.findings();
    findings.assert_only(&[("memory of Redis", "warning")]);
    installation.call("CONFIG SET maxmemory 1mb").await;
    installation
        .findings()
        .assert_only(&[("memory of Redis", "warning")]);
}

#[tokio::test]
async fn another_time() {
    let installation = Installation::new().await;
    for (shift, level) in [(10, "warning"), (-10, "warning"), (3600, "problem")] {
        let proxy = TimeShift::start(&installation.url(), shift);
        let findings = Findings::of(installation.doctor().args(["--redis", proxy.url()]));
        findings.assert_only(&[("clock", level)]);
        let direction = if shift > 0 { "behind" } else { "ahead of" };
        let found = &findings.get("clock").found;
        assert!(found.contains(direction), "{found}");
    }
}
