//! The demo as a child process.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use testing::Program;

use crate::fixture::{facts, nexus_writer, run};

/// A demo with all of its files in one directory.
struct DemoFixture {
    folder: tempfile::TempDir,
}

impl DemoFixture {
    fn new() -> DemoFixture {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        DemoFixture { folder }
    }

    fn demo(&self) -> Command {
        let mut demo = nexus_writer(["demo", "--directory"]);
        demo.arg(self.directory()).env("TMPDIR", self.temporary());
        demo
    }

    fn directory(&self) -> PathBuf {
        self.folder.path().join("new/folder")
    }

    fn file(&self) -> PathBuf {
        self.directory().join("demo.h5")
    }

    /// Returns the directory of the private server's socket.
    fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    fn is_clean(&self) -> bool {
        let left: Vec<_> = std::fs::read_dir(self.temporary()).unwrap().collect();
        left.is_empty() && !is_running(&self.temporary())
    }
}

/// Returns `true` if there is a process that was started with this path.
fn is_running(path: &Path) -> bool {
    let path = path.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap();
    // Other processes may end while they are listed.
    let commands =
        processes.filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    commands
        .into_iter()
        .any(|command| String::from_utf8_lossy(&command).contains(path))
}

#[test]
fn scans_are_saved_and_shown() {
    let fixture = DemoFixture::new();
    let (status, shown, log) = run(&mut fixture.demo());
    assert_eq!(status, Some(0), "{log}");
    assert!(fixture.is_clean());
    for done in [
        "1.1 ascan: 1400 of 1400 points",
        "2.1 ascan, spectra: 960 of 960 points",
        "3.1 amesh: 2400 of 2400 points",
        "4.1 ascan, images: 480 of 480 points",
    ] {
        let line = log.lines().rfind(|line| line.starts_with(done));
        assert!(
            line.is_some_and(|line| line.contains("COMPLETE")),
            "{done}: {log}"
        );
    }
    let file = fixture.file();
    assert!(
        shown.contains(&format!("The file is {}", file.display())),
        "{shown}"
    );
    assert!(shown.contains("├─ 1.1  NXentry"), "{shown}");

    let facts = facts(&file);
    assert_eq!(facts["problems"], json!([]));
    assert_eq!(facts["entries"].as_array().unwrap().len(), 4);
    let plots = facts["plots"].as_object().unwrap();
    assert_eq!(plots.len(), 5);
    for (group, plot) in plots {
        assert_eq!(plot["issues"], json!([]), "{group}: {plot}");
    }
    let reasons = json!({
        "1.1": "SUCCESS", "2.1": "SUCCESS", "3.1": "SUCCESS", "4.1": "SUCCESS",
    });
    assert_eq!(facts["end_reasons"], reasons);
}

#[test]
fn an_interrupt_ends_everything() {
    let fixture = DemoFixture::new();
    let mut demo = Program::start(&mut fixture.demo());
    demo.wait_for("1.1 ascan: ");
    assert!(
        is_running(&fixture.temporary()),
        "there is a private server"
    );
    let (status, log) = demo.interrupt();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(fixture.is_clean());
    let facts = facts(&fixture.file());
    assert_eq!(facts["problems"], json!([]));
    assert_eq!(
        facts["end_reasons"],
        json!({"1.1": "USER_ABORT", "2.1": "USER_ABORT"})
    );
}

#[test]
fn without_redis_it_tells_what_to_do() {
    let fixture = DemoFixture::new();
    let (status, shown, log) = run(fixture
        .demo()
        .env("NEXUS_WRITER_REDIS_SERVER", "/nowhere/redis-server"));
    assert_eq!((status, shown.as_str()), (Some(2), ""));
    assert!(log.contains("/nowhere/redis-server"), "{log}");
    assert!(log.contains("./dev setup"), "{log}");
    assert!(!fixture.directory().exists());
    assert!(fixture.is_clean());
}

#[test]
fn a_directory_that_cannot_be_created_is_an_error() {
    let fixture = DemoFixture::new();
    std::fs::write(fixture.folder.path().join("new"), "a file").unwrap();
    let (status, _, log) = run(&mut fixture.demo());
    assert_eq!(status, Some(2));
    assert!(log.contains("cannot make the directory"), "{log}");
    assert!(fixture.is_clean());
}

#[test]
fn others_can_look_at_it_meanwhile() {
    let fixture = DemoFixture::new();
    let mut command = fixture.demo();
    command.args(["--open", "--http-listen=127.0.0.1:0"]);
    let mut program = Program::start(&mut command);
    let line = program.wait_for_line("its address", |line| line.contains("Live page: http://"));
    let (_, address) = line.split_once("http://").unwrap();
    let address = address.trim_end().trim_end_matches('/').parse().unwrap();
    let answer = testing::http_get(address, "/api/v1/state", &[]);
    assert_eq!(answer.status, 200);
    program.signal("TERM");
    program.end();
}
