//! What ends the commands, and when.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::Instant;

use serde_json::json;
use testing::Program;

use crate::fixture::{Fixture, WRITER, end, read, send, session_writer};

const KEY: &str = "esrf:scan:01M82Y7PBE5ARXMK29K55ZRRJ4";

/// Returns a command that is started with (`--default-signal`) or without (`--ignore-signal`) an action of
/// SIGHUP.
fn with_hangup(option: &str) -> Command {
    let mut command = Command::new("env");
    command.arg(format!("{option}=HUP")).arg(WRITER);
    command
}

#[tokio::test]
async fn each_signal_saves_what_redis_has() {
    let fixture = Fixture::new().await;
    for signal in ["HUP", "QUIT", "TERM", "INT"] {
        let mut command = with_hangup("--default-signal");
        command.args([
            "session",
            "demo",
            "--data-writer=any",
            "--redis",
            &fixture.url(),
        ]);
        let mut running = Program::start(&mut command);
        running.wait_for("subscribed");
        let file = fixture.file(&format!("{signal}.h5"));
        let (scan, diode) = fixture.start_scan(&file).await;
        // The scan that the last writer left is continued beside it.
        running.wait_for(&format!("start saving scan={}", scan.key()));
        send(&diode, &[0.0, 1.0]).await;
        running.signal(signal);
        let (status, log) = running.end();
        assert!(status.success(), "{signal}: {status}: {log}");
        assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0]]), "{signal}");
        end(scan).await;
    }
}

#[tokio::test]
async fn a_hangup_that_is_ignored_stays_ignored() {
    let fixture = Fixture::new().await;
    let mut command = with_hangup("--ignore-signal");
    let mut running = Program::start(command.args(["run", &fixture.url()]));
    running.wait_for("subscribed");
    running.signal("HUP");
    fixture.good_scan(&fixture.file("a.h5")).await;
    running.wait_for("Finished writing");
    running.signal("TERM");
    let (status, log) = running.end();
    assert!(status.success(), "{log}");
    assert_eq!(log.matches("finishing").count(), 1, "{log}");
}

/// A server that is frozen: the kernel accepts connections, and nobody answers. Returns it with its URL.
fn frozen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn a_stop_does_not_wait_for_a_frozen_redis() {
    let stopped = "stopped before the data store was ready";
    for (arguments, code, told) in [
        (&["run", "URL"][..], 0, ""),
        (&["session", "demo", "--redis", "URL"], 0, ""),
        (&["save", "URL", KEY], 1, stopped),
    ] {
        let (listener, url) = frozen();
        let arguments = arguments.iter().map(|word| word.replace("URL", &url));
        let running = Program::start(Command::new(WRITER).args(arguments));
        let (_connection, _) = listener.accept().unwrap();
        running.signal("TERM");
        let (status, log) = running.end();
        assert_eq!(status.code(), Some(code), "{log}");
        assert!(log.contains(told), "{log}");
        // The wait did not come to its own end.
        assert!(
            !log.contains("waited") && !log.contains("cannot connect"),
            "{log}"
        );
    }
}

#[test]
fn a_stop_does_not_wait_for_beacon() {
    // A port at which nobody listens any more.
    let (listener, _) = frozen();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    for (program, arguments) in [
        (WRITER, &["session", "demo"][..]),
        (&session_writer(), &["demo", "--log=info"]),
    ] {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 1>&2", program]);
        command.args(arguments).env("BEACON_HOST", &address);
        let mut running = Program::start(command.env_remove("REDIS_DATA_URL"));
        running.wait_for("waiting for beacon");
        running.signal("TERM");
        let (status, log) = running.end();
        // After its last attempt it would have failed.
        assert_eq!(status.code(), Some(0), "{log}");
    }
}

#[test]
fn a_signal_kills_a_command_that_has_nothing_to_end() {
    let (listener, url) = frozen();
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(WRITER);
    let running = Program::start(command.args(["check", "--redis", &url]).arg(file.path()));
    let (_connection, _) = listener.accept().unwrap();
    running.signal("TERM");
    let (status, log) = running.end();
    assert_eq!(status.signal(), Some(libc::SIGTERM), "{log}");
}

/// What a process that has just been started has done so far.
struct Progress {
    catches_signals: bool,
    threads: usize,
    sockets: usize,
}

impl Progress {
    /// Returns `None` if the process does not execute the program yet, or has ended.
    fn of(process: u32, program: &str) -> Option<Progress> {
        let executed = fs::read_link(format!("/proc/{process}/exe")).ok()?;
        if executed != fs::canonicalize(program).unwrap() {
            return None;
        }
        // First, so that it is not more than at the time of the status.
        let files = fs::read_dir(format!("/proc/{process}/fd")).ok()?;
        let names = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        let sockets = names
            .filter(|name| name.to_string_lossy().starts_with("socket:"))
            .count();
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let value = |name: &str| {
            let mut lines = status.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let caught = u64::from_str_radix(value("SigCgt:")?, 16).unwrap();
        Some(Progress {
            catches_signals: caught & 1 << (libc::SIGTERM - 1) != 0,
            threads: value("Threads:")?.parse().unwrap(),
            sockets,
        })
    }
}

/// The kernel says when a process has begun to catch signals. That is the first thing that it does: before, it has
/// no thread, and no socket but the pair of the first signal.
#[test]
fn a_signal_at_any_time_ends_a_command_in_order() {
    let (_listener, url) = frozen();
    for (program, arguments, code) in [
        (WRITER, &["run", "URL"][..], 0),
        (WRITER, &["session", "demo", "--redis", "URL"], 0),
        (WRITER, &["save", "URL", KEY], 1),
        (&session_writer(), &["demo"], 0),
    ] {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|word| word.replace("URL", &url))
            .collect();
        let start = || {
            let mut command = Command::new(program);
            command.args(&arguments).env("REDIS_DATA_URL", &url);
            Program::start(&mut command)
        };
        // How long the program takes to get there depends on its libraries and on the machine.
        let begun = Instant::now();
        let running = start();
        while !running.catches_signals() {
            std::thread::yield_now();
        }
        let step = begun.elapsed() / 50;
        drop(running);
        let (mut delay, mut in_order) = (0, 0);
        // Under a heavier load than that of the first start, it takes longer.
        while delay < 100 || in_order <= 10 {
            let running = start();
            std::thread::sleep(step * delay);
            delay += 1;
            let Some(before) = Progress::of(running.id(), program) else {
                continue;
            };
            let untouched = before.threads == 1 && before.sockets <= 2;
            assert!(before.catches_signals || untouched, "{program} {delay}");
            running.signal("TERM");
            let (status, log) = running.end();
            if before.catches_signals {
                assert_eq!(
                    status.code(),
                    Some(code),
                    "{program} {delay}: {status} {log}"
                );
                in_order += 1;
            }
        }
    }
}
