//! What the process has: its configuration, descriptors, and directories; and its port.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use testing::free_port;

use crate::findings::Findings;
use crate::fixture::Installation;

#[tokio::test]
async fn wrong_configuration() {
    let installation = Installation::new().await;
    let file = installation.folder().join("a.toml");
    fs::write(&file, "[saving]\nlayuot = \"classic\"\n").unwrap();
    let findings = Findings::of(installation.doctor().arg("--config").arg(&file));
    findings.assert_only(&[("configuration", "problem")]);
    let found = &findings.get("configuration").found;
    assert!(found.contains("a.toml:2:1: saving.layuot"), "{found}");
    // A file that is missing, though it was named.
    let findings = Findings::of(installation.doctor().arg("--config=missing.toml"));
    findings.assert_only(&[("configuration", "problem")]);
    // Other commands refuse to start, and so does this one if it is to print the configuration.
    let mut command = installation.doctor();
    command.arg("--print-config").arg("--config").arg(&file);
    assert_eq!(testing::run(&mut command).0, Some(2));
}

#[tokio::test]
async fn the_configuration_holds() {
    let installation = Installation::new().await;
    let file = installation.folder().join("a.toml");
    let text = "[session.demo.saving]\nrequired-disk-space-mb = 1000000000000\n";
    fs::write(&file, text).unwrap();
    let findings = Findings::of(installation.doctor().arg("--config").arg(&file));
    findings.assert_only(&[("disk space", "problem")]);
    let found = &findings.get("configuration").found;
    assert!(found.ends_with("a.toml is valid"), "{found}");
}

#[tokio::test]
async fn wrong_usage() {
    let installation = Installation::new().await;
    let (status, text, _) = testing::run(installation.doctor().arg("--no-such-option"));
    assert_eq!((status, text.as_str()), (Some(2), ""));
}

#[tokio::test]
async fn few_descriptors() {
    let installation = Installation::new().await;
    for (limit, level) in [(64, "problem"), (128, "warning")] {
        let findings = Findings::of(&mut limited(&installation.doctor(), limit));
        findings.assert_only(&[("file descriptors", level)]);
        let finding = findings.get("file descriptors");
        assert!(finding.found.starts_with(&limit.to_string()), "{finding:?}");
    }
}

/// Returns the same command, started by a shell with this limit of descriptors.
fn limited(command: &Command, limit: u32) -> Command {
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("ulimit -n {limit}; exec \"$0\" \"$@\""))
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

#[tokio::test]
async fn a_port_that_another_program_has() {
    let installation = Installation::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    // It ends each connection, as a program that is no writer may.
    std::thread::spawn(move || taken.incoming().for_each(drop));
    let listen = format!("--http-listen={address}");
    let mut command = installation.doctor_with(&["demo", &listen]);
    Findings::of(&mut command).assert_only(&[("HTTP", "problem")]);
}

#[tokio::test]
async fn a_port_that_the_writer_has() {
    let installation = Installation::new().await;
    let listen = format!("--http-listen=127.0.0.1:{}", free_port());
    let mut writer = installation.command(&["session", "demo", &listen]);
    let mut writer = testing::Program::start(&mut writer);
    writer.wait_for("subscribed");
    let mut command = installation.doctor_with(&["demo", &listen]);
    let findings = Findings::of(&mut command);
    findings.assert_only(&[]);
    let found = &findings.get("HTTP").found;
    assert!(found.starts_with("a writer listens"), "{found}");
}

#[tokio::test]
async fn other_computers_need_a_token() {
    let installation = Installation::new().await;
    let listen = "--http-listen=0.0.0.0:0";
    let mut command = installation.doctor_with(&["demo", listen]);
    Findings::of(&mut command).assert_only(&[("HTTP", "problem")]);
}

#[tokio::test]
async fn directories_that_cannot_be_written() {
    let installation = Installation::new().await;
    let mut command = installation.doctor();
    command.env("RUNTIME_DIRECTORY", "/proc/nexus-writer");
    let findings = Findings::of(&mut command);
    findings.assert_only(&[("runtime directory", "warning")]);
    fs::write(installation.folder().join("file"), "").unwrap();
    let mut command = installation.doctor();
    command.arg("--spool=file/spool");
    Findings::of(&mut command).assert_only(&[("spool", "warning")]);
}
