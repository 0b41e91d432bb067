//! `NexusSessionWriter`: the name by which BLISS starts the writer of a session.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use testing::Program;

use crate::classic;
use crate::fixture::{self, Fixture, diode, end, read, send, stream};

/// Returns the command without environment variables that change it.
fn session_writer(arguments: &[&str]) -> Command {
    let mut command = Command::new(fixture::session_writer());
    command
        .args(arguments)
        .env_remove("REDIS_DATA_URL")
        .env_remove("BEACON_HOST");
    command
}

/// Starts the writer of the session and waits until it has subscribed. The test also reads its standard
/// output.
fn start(fixture: &Fixture, options: &[&str]) -> Program {
    let mut running = Program::start(
        Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 1>&2"])
            .arg(fixture::session_writer())
            .args(["--log=INFO", "demo"])
            .args(options)
            .env("REDIS_DATA_URL", fixture.url()),
    );
    running.wait_for("subscribed");
    running
}

/// Publishes a whole scan of the session.
async fn scan(fixture: &Fixture, file: &Path) {
    let mut scan = fixture
        .create(file, json!({"diode": stream("diode")}))
        .await;
    let diode = diode(&mut scan).await;
    scan.prepare().await.unwrap();
    send(&diode, &[0.0, 1.0]).await;
    end(scan).await;
}

#[tokio::test]
async fn log_lines_are_those_of_the_python_writer() {
    let fixture = Fixture::new().await;
    let file = fixture.file("a.h5");
    let (all, out, err) = (
        fixture.file("all.log"),
        fixture.file("out.log"),
        fixture.file("err.log"),
    );
    let options = [
        ("--logfile", &all),
        ("--logfileout", &out),
        ("--logfileerr", &err),
    ];
    let options: Vec<_> = options
        .iter()
        .map(|(option, path)| format!("{option}={}", path.display()))
        .collect();
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let mut running = start(&fixture, &options);
    scan(&fixture, &file).await;
    running.wait_for("Finished writing");
    scan(&fixture, Path::new("relative.h5")).await;
    running.wait_for("absolute");
    running.signal("TERM");
    let (status, log) = running.end();
    assert!(status.success(), "{log}");
    assert_eq!(read(&file, &["diode"]), json!([[0.0, 1.0]]));

    let line = |text: &str| log.lines().find(|line| line.contains(text)).unwrap();
    let subscribed = line("subscribed");
    assert!(subscribed.starts_with("INFO  20"), "{subscribed}");
    assert!(subscribed.contains(" writer.session.listener: [demo (ON)] subscribed"));
    let start = line("start saving");
    assert!(
        start.contains("[demo (RUNNING)] [1_loopscan (ON)] start saving"),
        "{start}"
    );
    let finished = line("Finished writing");
    let about = format!(
        "[1_loopscan (OFF)] Finished writing to '{}' (2pts-2pts 16.0B 0:00:0",
        file.display()
    );
    assert!(finished.contains(&about), "{finished}");
    let failed = line("absolute");
    assert!(failed.starts_with("WARN  20"), "{failed}");
    assert!(failed.contains("[1_loopscan (FAULT)]"), "{failed}");
    let lines = |path| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    // The lines have different times in each log, and those of two threads may come in another order.
    let messages = |lines: Vec<String>| -> Vec<String> {
        let mut all: Vec<_> = lines.iter().map(|line| line[29..].to_owned()).collect();
        all.sort_unstable();
        all
    };
    let printed = log.lines().map(str::to_owned).collect();
    assert_eq!(messages(lines(&all)), messages(printed));
    let (below, from) = (lines(&out), lines(&err));
    assert_eq!(below.len() + from.len(), lines(&all).len());
    assert!(below.iter().all(|line| line.starts_with("INFO ")));
    assert!(
        from.iter().all(|line| line.starts_with("WARN ")),
        "{from:?}"
    );
}

#[tokio::test]
async fn subscans_have_a_context_of_their_own() {
    let fixture = Fixture::new().await;
    let mut running = start(&fixture, &[]);
    let (scan, diode) = classic::started(&fixture, &fixture.file("a.h5")).await;
    send(&diode, &[0.0, 1.0, 2.0]).await;
    end(scan).await;
    running.wait_for("Finished writing");
    running.signal("TERM");
    let (status, log) = running.end();
    assert!(status.success(), "{log}");
    let line = log.lines().find(|line| line.contains("subscan")).unwrap();
    let contexts = "[demo (RUNNING)] [1_loopscan (ON)] [timer] start saving subscan";
    assert!(line.contains(contexts), "{line}");
}

#[tokio::test]
async fn the_console_can_be_silent_and_lead_into_the_log() {
    let fixture = Fixture::new().await;
    let semaphore = fixture.file("below/started");
    let log = fixture.file("all.log");
    let mut command = session_writer(&["demo", "--nologstdout", "--redirectstderr", "--log=info"]);
    command
        .arg("--logfile")
        .arg(&log)
        .arg("--start_semaphore_file")
        .arg(&semaphore)
        .env("REDIS_DATA_URL", fixture.url());
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while !semaphore.exists() {
        tokio::task::yield_now().await;
    }
    // Everything that the process prints goes there.
    let console = format!("/proc/{}/fd/2", child.id());
    std::fs::write(console, "a library complains\n").unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!semaphore.exists() && semaphore.parent().unwrap().exists());
    let mut printed = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut printed).unwrap();
    assert_eq!(printed, "");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("subscribed"), "{log}");
    let complaint = log.lines().find(|line| line.contains("complains"));
    let complaint = complaint.unwrap_or_else(|| panic!("{log}"));
    assert!(complaint.starts_with("ERROR 20"), "{complaint}");
    assert!(
        complaint.ends_with(" stderr: a library complains"),
        "{complaint}"
    );
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let run = |arguments: &[&str]| {
        let output = session_writer(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout) + &text(output.stderr),
        )
    };
    let (status, help) = run(&["--help"]);
    assert_eq!(status, Some(0));
    assert!(help.contains("--start-semaphore-file"), "{help}");
    for (arguments, problem) in [
        (&[][..], "<SESSION_NAME>"),
        (&["demo", "--fly"], "--fly"),
        (&["demo", "--patch", "slowdisk"], "--patch"),
        (&["demo", "--log", "loud"], "loud"),
        (&["demo", "--resource_profiling", "GPU"], "GPU"),
        (&["demo", "--required-disk-space", "much"], "much"),
        (&["demo"], "BEACON_HOST"),
    ] {
        let (status, log) = run(arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {log}");
        assert!(log.contains(problem), "{arguments:?}: {log}");
    }
}
