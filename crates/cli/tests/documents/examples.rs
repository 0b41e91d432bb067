//! The examples of the handbook that read a file while a scan is saved: the very files that it shows.

#[path = "../../../nexus/examples/follow.rs"]
#[allow(
    dead_code,
    reason = "its main function reads the arguments of the process"
)]
mod follow;

use std::path::Path;
use std::process::Command;
use std::thread;

use testing::{Program, run};

use crate::chapters::project;

/// Saves a scan while a reader follows it. Returns what the reader returns.
fn follow<T: Send + 'static>(reader: impl FnOnce(&Path) -> T + Send + 'static) -> T {
    let server = testing::redis();
    let url = server.url().with_secrets();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scan.h5");
    let mut writer = Program::start(&mut nexus_writer(&["run", &url, "--http-listen", "off"]));
    writer.wait_for("scans are saved from now on");
    // It is there before the scan is.
    let reader = thread::spawn({
        let file = file.clone();
        move || reader(&file)
    });
    let path = file.to_str().unwrap();
    let mut scan = nexus_writer(&["simulate", &url, "--file", path]);
    let (status, _, log) = run(scan.args(["--points", "60", "--rate", "40"]));
    assert_eq!(status, Some(0), "{log}");
    let read = reader.join().unwrap();
    let (status, log) = writer.interrupt();
    assert!(status.success(), "{log}");
    read
}

fn nexus_writer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nexus-writer"));
    command.args(arguments).env_remove("NEXUS_WRITER_CONFIG");
    command
}

/// Runs a program in Python, which must succeed, and returns what it prints.
fn python(name: &str, file: &Path, arguments: &[&str]) -> String {
    let script = project().join("docs/examples").join(name);
    testing::output(testing::python().arg(script).arg(file).args(arguments))
}

#[test]
fn h5py_follows_a_scan_as_the_handbook_shows() {
    let printed = follow(|file| python("follow_h5py.py", file, &["1.1", "diode1"]));
    let values = printed.lines().filter(|line| line.starts_with("diode1 "));
    assert_eq!(values.count(), 60, "{printed}");
    assert_eq!(
        printed.lines().last(),
        Some("the scan has ended with 60 points")
    );
}

#[test]
fn silx_follows_a_scan_as_the_handbook_shows() {
    let printed = follow(|file| python("follow_silx.py", file, &["1.1"]));
    let mut last = printed.lines().rev();
    let plot = last.next().unwrap();
    assert!(plot.contains(": diode1 over "), "{printed}");
    assert_eq!(last.next(), Some("60 points of all channels"), "{printed}");
}

#[test]
fn rust_follows_a_scan_as_the_handbook_shows() {
    let printed = follow(|file| {
        let mut printed = Vec::new();
        follow::follow(file, "1.1", "diode1", &mut printed).unwrap();
        String::from_utf8(printed).unwrap()
    });
    let mut last = printed.lines().rev();
    assert!(
        last.next().unwrap().starts_with("the mean is "),
        "{printed}"
    );
    assert_eq!(last.next(), Some("60 points"), "{printed}");
}
