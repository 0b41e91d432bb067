//! The directory for data and its file system.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;

use rustix::io::Errno;
use testing::{RationedDisk, SystemCall, failing};

use crate::findings::Findings;
use crate::fixture::Installation;

/// What cannot be tried if no file can be made.
const DEPENDENT: [&str; 2] = ["file locks", "disk"];

#[tokio::test]
async fn no_directory() {
    let installation = Installation::new().await;
    let findings = Findings::of(installation.doctor().arg("--data=missing/scans"));
    findings.assert_only(&[("data directory", "problem")]);
    findings.assert_skipped(&DEPENDENT);
    let advice = &findings.get("data directory").advice;
    assert!(advice.contains("missing/scans"), "{advice}");
}

#[tokio::test]
async fn a_file_is_no_directory() {
    let installation = Installation::new().await;
    fs::write(installation.folder().join("file"), "").unwrap();
    let findings = Findings::of(installation.doctor().arg("--data=file"));
    findings.assert_only(&[("data directory", "problem")]);
}

#[tokio::test]
async fn no_permission() {
    const NOBODY: u32 = 65534;
    let installation = Installation::new().await;
    let closed = installation.folder().join("closed");
    fs::create_dir(&closed).unwrap();
    // The folder around has to be reached, and the spool to be writable.
    for (path, mode) in [(installation.folder(), 0o777), (&closed, 0o555)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let mut command = installation.doctor();
    command.arg("--data=closed");
    // No permission restricts the super-user.
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let findings = Findings::of(&mut command);
    findings.assert_only(&[("data directory", "problem")]);
    findings.assert_skipped(&DEPENDENT);
    assert!(findings.get("data directory").advice.contains("user"));
}

#[tokio::test]
async fn no_room() {
    let installation = Installation::new().await;
    let mut command = installation.doctor();
    command.arg("--required-disk-space=1000000000000");
    let findings = Findings::of(&mut command);
    findings.assert_only(&[("disk space", "problem")]);
    let mut command = installation.doctor();
    command.arg("--recommended-disk-space=1000000000000");
    Findings::of(&mut command).assert_only(&[("disk space", "warning")]);
}

#[tokio::test]
async fn full() {
    let installation = Installation::new().await;
    let disk = RationedDisk::new(installation.folder());
    disk.limit(0, Errno::NOSPC.raw_os_error());
    let mut command = installation.doctor();
    let findings = disk.run(|| Findings::of(&mut command));
    findings.assert_only(&[("data directory", "problem")]);
    let advice = &findings.get("data directory").advice;
    assert!(advice.starts_with("Make room"), "{advice}");
    // The file that was made has been removed.
    assert_eq!(fs::read_dir(installation.folder()).unwrap().count(), 0);
}

#[tokio::test]
async fn locks_are_missing() {
    let installation = Installation::new().await;
    for (locking, expected) in [
        ("auto", &[("file locks", "warning")][..]),
        ("required", &[("file locks", "problem")]),
        ("off", &[]),
    ] {
        let mut command = installation.doctor();
        command.args(["--file-locking", locking]);
        let errno = Errno::NOSYS.raw_os_error();
        let findings = failing(SystemCall::Flock, errno, || Findings::of(&mut command));
        findings.assert_only(expected);
    }
}

#[tokio::test]
async fn the_disk_fails() {
    let installation = Installation::new().await;
    for (durability, level) in [("scan", "problem"), ("none", "warning")] {
        let mut command = installation.doctor();
        command.args(["--durability", durability]);
        let errno = Errno::IO.raw_os_error();
        let findings = failing(SystemCall::Synchronise, errno, || {
            Findings::of(&mut command)
        });
        findings.assert_only(&[("disk", level)]);
    }
}

#[tokio::test]
async fn a_disk_that_hangs_is_not_waited_for() {
    let installation = Installation::new().await;
    let disk = RationedDisk::new(installation.folder());
    disk.be_silent();
    let mut command = installation.doctor_within(10, &["demo", "--http-listen=off"]);
    let findings = disk.run(|| Findings::of(&mut command));
    findings.assert_only(&[("data directory", "problem")]);
    let found = &findings.get("data directory").found;
    assert!(found.contains("does not answer"), "{found}");
    disk.answer_again();
}
