//! Recorded scans that are saved while they are published.

use std::process::Command;

use testing::{Program, Replay, Speed};

use crate::families::{assert_equal, options};

/// How many times faster than recorded the scans are replayed.
const SPEEDUP: u32 = 10;

/// Texts that the writer logs at the end of a scan.
const OUTCOMES: &[&str] = &[
    "Finished writing",
    "not to be saved",
    "FAILED",
    "INCOMPLETE",
];

/// Lets the writer of the session save these recordings as fast as Redis accepts them.
pub fn follow(names: &[&str], golden: &str) {
    follow_at(Speed::Max, names, golden);
}

#[test]
fn in_step() {
    let names = [
        "ascan",
        "anmesh",
        "several_scans",
        "lima_aborted",
        "spectra_big",
    ];
    follow_at(Speed::Times(SPEEDUP), &names, "golden");
}

fn follow_at(speed: Speed, names: &[&str], golden: &str) {
    let replay = Replay::new(names);
    let (flags, data_writer) = options(names, golden);
    let mut command = match data_writer.as_str() {
        "external" => session_writer(),
        _ => session_of_another_name(&data_writer),
    };
    command
        .args(flags)
        .env("REDIS_DATA_URL", replay.url())
        .env_remove("BEACON_HOST");
    let mut writer = Program::start(&mut command);
    writer.wait_for("subscribed");
    for scan in replay.publish(speed) {
        let key = &scan.key;
        let is_outcome = |line: &str| OUTCOMES.iter().any(|text| line.contains(text));
        writer.wait_for_line(key, |line| line.contains(key) && is_outcome(line));
    }
    let (status, log) = writer.interrupt();
    assert!(status.success(), "{status}\n{log}");
    assert_equal(&replay, golden, &log);
}

/// Starts the writer as BLISS does. The test also reads its standard output.
fn session_writer() -> Command {
    let mut command = Command::new("sh");
    let name = testing::link_beside(env!("CARGO_BIN_EXE_nexus-writer"), "NexusSessionWriter");
    command.args(["-c", "exec \"$0\" \"$@\" 1>&2"]);
    command.arg(name).args(["demo", "--log=INFO"]);
    command
}

fn session_of_another_name(data_writer: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nexus-writer"));
    command.args(["session", "demo", "--data-writer", data_writer]);
    command
}
