//! Logs whose outputs fail: the work goes on.

use std::fs;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use testing::Program;

use crate::fixture::{Fixture, WRITER, session_writer};

/// The limit of each wait.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(fixture: &Fixture, options: &[&str]) -> Command {
    let mut command = Command::new(WRITER);
    command.args(["run", &fixture.url()]).args(options);
    command
}

/// Waits until something is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::task::yield_now().await;
    }
}

fn contains(file: &Path, text: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|found| found.contains(text))
}

/// Publishes scans, each of which is logged, until something is so. The writer saves all of them.
async fn scans_until(
    fixture: &Fixture,
    running: &mut Program,
    names: &str,
    is_so: impl Fn() -> bool,
) {
    let deadline = Instant::now() + PATIENCE;
    for number in 0.. {
        saves(fixture, running, &format!("{names}{number}.h5")).await;
        if is_so() {
            break;
        }
        assert!(Instant::now() < deadline);
    }
}

/// Publishes a scan. Returns when it is saved.
async fn saves(fixture: &Fixture, running: &mut Program, name: &str) {
    let file = fixture.file(name);
    fixture.good_scan(&file).await;
    running.wait_for(&format!("Finished writing to '{}'", file.display()));
}

#[tokio::test]
async fn a_rotated_log_may_be_removed() {
    let fixture = Fixture::new().await;
    let log = fixture.file("log");
    let first = fixture.file("log.1");
    let options = ["--filesize", "0.001", "--logfile", log.to_str().unwrap()];
    let mut running = Program::start(&mut run(&fixture, &options));
    running.wait_for("subscribed");
    scans_until(&fixture, &mut running, "first", || first.exists()).await;
    fs::remove_file(&first).unwrap();
    scans_until(&fixture, &mut running, "second", || first.exists()).await;
    saves(&fixture, &mut running, "last.h5").await;
    running.signal("TERM");
    let (status, told) = running.end();
    assert!(status.success(), "{told}");
    assert!(
        !told.contains("panicked") && !told.contains("log file"),
        "{told}"
    );
    assert!(contains(&log, "last.h5") || contains(&first, "last.h5"));
}

#[tokio::test]
async fn a_log_whose_directory_is_removed_continues_when_it_is_back() {
    let fixture = Fixture::new().await;
    let directory = fixture.file("logs");
    fs::create_dir(&directory).unwrap();
    let log = directory.join("log");
    let mut running = Program::start(&mut run(&fixture, &["--logfile", log.to_str().unwrap()]));
    running.wait_for("subscribed");
    fs::remove_dir_all(&directory).unwrap();
    let mut number = 0;
    while !running.logs_within("cannot write the log file", Duration::ZERO) {
        saves(&fixture, &mut running, &format!("without{number}.h5")).await;
        number += 1;
    }
    fs::create_dir(&directory).unwrap();
    scans_until(&fixture, &mut running, "again", || {
        contains(&log, "is written again")
    })
    .await;
    running.signal("TERM");
    let (status, told) = running.end();
    assert!(status.success(), "{told}");
    assert_eq!(
        told.matches("cannot write the log file").count(),
        1,
        "{told}"
    );
    assert!(contains(&log, "finishing"));
}

#[tokio::test]
async fn a_full_disk_below_the_log_stops_nothing() {
    let fixture = Fixture::new().await;
    let key = fixture.good_scan(&fixture.file("a.h5")).await;
    let saved = fixture.save_with(&[key], |command| {
        command.args(["--logfile", "/dev/full"]);
    });
    assert_eq!(saved.status, Some(0), "{}", saved.log);
    assert_eq!(saved.reports[0]["state"], "COMPLETE");
    let told = "cannot write the log file /dev/full";
    assert_eq!(saved.log.matches(told).count(), 1, "{}", saved.log);
}

/// Returns a pipe that has no room left.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'-'; 1 << 10]).is_ok() {}
    while writer.write(b"-").is_ok() {}
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

async fn end(mut child: Child) {
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap());
    assert!(
        tokio::time::timeout(PATIENCE, status)
            .await
            .unwrap()
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn a_console_that_nobody_reads_stops_nothing() {
    let fixture = Fixture::new().await;
    let log = fixture.file("log");
    let session_writer = session_writer();
    let writers = [
        (WRITER, vec!["run", "--log=debug"], fixture.url()),
        (
            session_writer.as_str(),
            vec!["demo", "--log=debug", "--data-writer=any"],
            String::new(),
        ),
        (
            session_writer.as_str(),
            vec![
                "demo",
                "--log=debug",
                "--data-writer=any",
                "--redirectstderr",
            ],
            String::new(),
        ),
    ];
    for (number, (program, arguments, url)) in writers.into_iter().enumerate() {
        let (unread, pipe) = full_pipe();
        let mut command = Command::new(program);
        command.args(arguments).env("REDIS_DATA_URL", fixture.url());
        if !url.is_empty() {
            command.arg(url);
        }
        command.arg("--logfile").arg(&log).stdin(Stdio::null());
        command.stdout(pipe.try_clone().unwrap()).stderr(pipe);
        let child = command.spawn().unwrap();
        drop(command);
        until("subscribed", || contains(&log, "subscribed")).await;
        let file = fixture.file(&format!("{number}.h5"));
        fixture.good_scan(&file).await;
        let told = format!("Finished writing to '{}'", file.display());
        until("saved", || contains(&log, &told)).await;
        end(child).await;
        fs::remove_file(&log).unwrap();
        drop(unread);
    }
}

/// What waits in a queue when the program ends is still written.
#[tokio::test]
async fn the_last_lines_are_not_lost() {
    let fixture = Fixture::new().await;
    let (mut reader, pipe) = full_pipe();
    let mut command = run(&fixture, &[]);
    let log = fixture.file("log");
    command.arg("--logfile").arg(&log);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(pipe);
    let child = command.spawn().unwrap();
    drop(command);
    until("subscribed", || contains(&log, "subscribed")).await;
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut told = String::new();
    tokio::task::spawn_blocking(move || {
        reader.read_to_string(&mut told).unwrap();
        let told = told.trim_start_matches('-');
        assert!(
            told.contains("subscribed") && told.contains("finishing"),
            "{told}"
        );
    })
    .await
    .unwrap();
    let mut child = child;
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn a_save_whose_reports_nobody_takes_can_be_stopped() {
    let fixture = Fixture::new().await;
    let keys = [
        fixture.good_scan(&fixture.file("a.h5")).await,
        fixture.good_scan(&fixture.file("b.h5")).await,
    ];
    let (unread, pipe) = full_pipe();
    let log = fixture.file("log");
    let mut command = Command::new(WRITER);
    command.args(["save", &fixture.url()]).args(&keys);
    command
        .args(["--log=debug", "--logfile"])
        .arg(&log)
        .stdin(Stdio::null());
    let child = command.stdout(pipe).stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    until("saved", || {
        let told = fs::read_to_string(&log).unwrap_or_default();
        told.matches("outcome=\"COMPLETE\"").count() == keys.len()
    })
    .await;
    end(child).await;
    drop(unread);
}
