//! What the environment prevents is tried again.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::io::Errno;
use serde_json::json;
use testing::{Program, SystemCall, failing, wait_until_read};

use crate::fixture::{Fixture, WRITER, end, read, run_unprivileged, send, stream};
use crate::soak::outage_time;

#[tokio::test]
async fn a_locked_file_is_waited_for() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut holder = testing::hold(&file);
    let mut running = fixture.run();
    fixture.good_scan(&file).await;
    running.wait_for("waiting, the scan is not lost: file already locked");
    tokio::time::sleep(outage_time(Duration::ZERO)).await;
    holder.signal("TERM");
    holder.wait_for("released");
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    running.signal("TERM");
    assert!(running.end().0.success());
}

#[tokio::test]
async fn a_directory_without_permission_is_waited_for() {
    let fixture = Fixture::new().await;
    let directory = fixture.file("closed");
    fs::create_dir(&directory).unwrap();
    set_mode(&directory, 0o555);
    let mut command = Command::new(WRITER);
    command.args(["run", &fixture.url()]);
    let mut running = Program::start(with_permissions(&fixture, &mut command));
    running.wait_for("subscribed");
    let file = directory.join("a.h5");
    fixture.good_scan(&file).await;
    running.wait_for("waiting, the scan is not lost: writer has no write permission");
    tokio::time::sleep(outage_time(Duration::ZERO)).await;
    set_mode(&directory, 0o777);
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
}

#[tokio::test]
async fn a_file_in_a_closed_directory_is_written_without_a_journal() {
    let fixture = Fixture::new().await;
    let directory = fixture.file("closed");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("a.h5");
    fixture.save(&[fixture
        .scan_with(&file, json!({"first": stream("diode")}))
        .await]);
    set_mode(&file, 0o666);
    set_mode(&directory, 0o555);
    let second = fixture
        .scan_with(&file, json!({"second": stream("diode")}))
        .await;
    let saved = fixture.save_with(&[second], |command| {
        with_permissions(&fixture, command);
    });
    assert_eq!(saved.status, Some(0), "{}", saved.log);
    assert!(
        saved.log.contains("no journal can be made"),
        "{}",
        saved.log
    );
    let points = json!([0.0, 1.0, 2.0]);
    assert_eq!(read(&file, &["first", "second"]), json!([points, points]));
}

/// Lets a writer run as a user to whom permissions apply, and who reaches the server and the directories.
fn with_permissions<'a>(fixture: &Fixture, command: &'a mut Command) -> &'a mut Command {
    set_mode(fixture.folder.path(), 0o755);
    let server = fixture.server.directory();
    set_mode(server, 0o777);
    for socket in fs::read_dir(server).unwrap() {
        set_mode(&socket.unwrap().path(), 0o777);
    }
    run_unprivileged(command);
    command
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn few_descriptors_delay_scans_but_fail_none() {
    const SCANS: usize = 80;
    let fixture = Fixture::new().await;
    Fixture::end(fixture.run());
    let files: Vec<PathBuf> = (0..SCANS)
        .map(|number| fixture.file(&format!("{number}.h5")))
        .collect();
    for file in &files {
        fixture.good_scan(file).await;
    }
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "ulimit -n 60; exec \"$0\" run \"$1\"",
        WRITER,
        &fixture.url(),
    ]);
    let mut running = Program::start(&mut shell);
    for file in &files {
        running.wait_for(&format!("Finished writing to '{}'", file.display()));
    }
    assert_eq!(
        read(&files[SCANS - 1], &["diode"]),
        json!([[0.0, 1.0, 2.0]])
    );
    let log = Fixture::end(running);
    // Scans wait for descriptors, instead of trying again and again.
    assert!(!log.contains("Too many open files"), "{log}");
    assert!(!log.contains("FAILED"), "{log}");
}

/// Runs work in which files cannot be locked, also in programs that it starts, as on a file system without locks.
pub fn without_locks<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    failing(SystemCall::Flock, Errno::NOLCK.raw_os_error(), work)
}

#[tokio::test]
async fn a_file_system_without_locks_is_reported_as_that() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let key = fixture.good_scan(&file).await;
    let save = |locking: &str| {
        without_locks(|| {
            fixture.save_with(&[&key], |command| {
                command.args(["--file-locking", locking]);
            })
        })
    };
    let required = save("required");
    assert_eq!(required.status, Some(1), "{}", required.log);
    let reason = required.reports[0]["reason"].as_str().unwrap();
    assert!(reason.contains("has no locks"), "{reason}");
    let auto = save("auto");
    assert_eq!(auto.status, Some(0), "{}", auto.log);
    assert_eq!(
        auto.log.matches("cannot be locked").count(),
        1,
        "{}",
        auto.log
    );
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
}

#[tokio::test]
async fn without_locks_and_without_redis_nothing_is_written() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let key = fixture.good_scan(&file).await;
    testing::redis_call(&fixture.server.url(), "CONFIG SET maxmemory 1").await;
    let refused = without_locks(|| fixture.save_with(&[&key], |_| {}));
    assert_eq!(refused.status, Some(1), "{}", refused.log);
    let reason = refused.reports[0]["reason"].as_str().unwrap();
    assert!(reason.contains("does not confirm its claim"), "{reason}");
}

/// The claim is all that protects the file, so nothing more may reach it once another writer has the claim.
#[tokio::test]
async fn a_lost_claim_ends_writing_where_there_are_no_locks() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let mut command = Command::new(WRITER);
    command.args(["run", &fixture.url()]);
    let mut running = without_locks(|| Program::start(&mut command));
    running.wait_for("subscribed");
    let (scan, diode) = fixture.start_scan(&file).await;
    send(&diode, &[0.0, 1.0]).await;
    wait_until_read(&file, &["diode"], &json!([[0.0, 1.0]])).await;

    fixture.claim_elsewhere(&file).await;
    // As another writer would leave it.
    let content = fs::read(&file).unwrap();
    running.wait_for("does not confirm its claim");
    assert!(fs::read(&file).unwrap() == content);
    fixture.end_claim(&file).await;
    send(&diode, &[2.0]).await;
    end(scan).await;
    running.wait_for("Finished writing");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0, 2.0]]));
    Fixture::end(running);
}
