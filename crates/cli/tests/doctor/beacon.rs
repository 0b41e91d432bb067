//! Beacon, which tells where Redis is.

use simulation::redis::PrivateRedis;
use testing::{BeaconServer, free_port};

use crate::findings::Findings;
use crate::fixture::{Installation, initialise, redis_options};

#[tokio::test]
async fn nothing_listens() {
    let installation = Installation::new().await;
    let host = format!("127.0.0.1:{}", free_port());
    // If Redis is known, only Beacon is the problem. What SCAN_SAVING is, only Beacon tells.
    let findings = Findings::of(installation.doctor().env("BEACON_HOST", &host));
    findings.assert_only(&[("Beacon", "problem")]);
    assert!(
        findings.get("Beacon").found.contains(&host),
        "{}",
        findings.text
    );
    // If only Beacon knows it, nothing else can be checked.
    let mut command = installation.doctor();
    command
        .env("BEACON_HOST", &host)
        .env_remove("REDIS_DATA_URL");
    let findings = Findings::of(&mut command);
    findings.assert_only(&[("Beacon", "problem")]);
    findings.assert_skipped(&["Redis", "data model", "clock", "writer of BLISS"]);
}

#[tokio::test]
async fn an_address_without_port() {
    let installation = Installation::new().await;
    let findings = Findings::of(installation.doctor().env("BEACON_HOST", "localhost"));
    findings.assert_only(&[("Beacon", "problem")]);
}

#[tokio::test]
async fn another_redis() {
    let installation = Installation::new().await;
    let other = PrivateRedis::start(&redis_options()).await.unwrap();
    initialise(&other).await;
    let beacon = BeaconServer::start(&other.url(), &installation.url());
    let findings = Findings::of(installation.doctor().env("BEACON_HOST", beacon.host()));
    findings.assert_only(&[("Beacon", "problem")]);
    let found = &findings.get("Beacon").found;
    assert!(found.contains("another server"), "{found}");
}

#[tokio::test]
async fn another_address_of_the_same_redis() {
    let installation = Installation::new().await;
    let beacon = BeaconServer::start(&installation.redis.url(), &installation.redis.url());
    let findings = Findings::of(installation.doctor().env("BEACON_HOST", beacon.host()));
    findings.assert_only(&[]);
    let found = &findings.get("Beacon").found;
    assert!(found.contains("the same server"), "{found}");
}
