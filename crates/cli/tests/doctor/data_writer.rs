//! The writer that BLISS asks for.

use std::process::Command;

use crate::findings::Findings;
use crate::fixture::Installation;

#[tokio::test]
async fn a_writer_that_cannot_be_replaced() {
    let installation = Installation::new().await;
    for name in ["hdf5", "null", "zip"] {
        installation.set_writer(name).await;
        let findings = installation.findings();
        findings.assert_only(&[("writer of BLISS", "problem")]);
        assert!(findings.get("writer of BLISS").found.contains(name));
    }
}

#[tokio::test]
async fn scans_that_the_configuration_does_not_take() {
    let installation = Installation::new().await;
    let findings = Findings::of(installation.doctor().arg("--data-writer=mapping"));
    findings.assert_only(&[("writer of BLISS", "problem")]);
}

#[tokio::test]
async fn a_session_that_does_not_exist() {
    let installation = Installation::new().await;
    let mut command = installation.doctor_with(&["dmeo", "--http-listen=off"]);
    let findings = Findings::of(&mut command);
    findings.assert_only(&[("writer of BLISS", "warning")]);
}

#[tokio::test]
async fn earlier_releases_of_bliss_store_pickles() {
    let installation = Installation::new().await;
    installation.call("DEL scan_saving:basic:demo").await;
    // As BLISS 2.1 does.
    let script = format!(
        "import pickle, redis
redis.Redis.from_url('{}').hset('parameters:scan_saving:demo:default', mapping={{
    '_writer_module': pickle.dumps('hdf5'), 'base_path': pickle.dumps('/nowhere/scans')}})",
        installation.url().with_secrets()
    );
    let mut python: Command = testing::python();
    testing::output(python.args(["-c", &script]));
    let findings = installation.findings();
    findings.assert_only(&[
        ("writer of BLISS", "problem"),
        ("data directory", "problem"),
    ]);
    assert!(findings.get("writer of BLISS").found.contains("hdf5"));
    assert!(
        findings
            .get("data directory")
            .found
            .contains("/nowhere/scans")
    );
}
