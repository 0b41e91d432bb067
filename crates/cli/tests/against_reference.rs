//! Compares our files with those of blisswriter 3.0.0, for scans that blissdata 2.4.5 publishes.
//!
//! The file of blisswriter is recorded for each scenario. `defects.py` lists where it is wrong, why, and what
//! is right instead. The recorded files are compared with ours, saved from Redis or live.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use testing::{Program, Scenario};

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        const SCENARIOS: &[&str] = &[$(stringify!($name)),*];

        mod saved {
            $(
                #[test]
                fn $name() {
                    super::save(stringify!($name));
                }
            )*
        }
    };
}

scenarios!(
    static_items,
    static_values,
    static_merge,
    invalid_items,
    unwritable_items,
    streams_short,
    streams_long,
    every_dtype,
    dynamic_shapes,
    several_files,
    file_backed,
    two_versions,
    streams_change,
    shared_file,
    lima_references,
    lima_files,
    lima_acquisitions,
    lima_aborted,
    lima2_master,
    failures,
    not_saved,
    sequence,
    mapped_sequence,
    trimmed,
    aborted,
    unsealed,
);

/// Time until a writer is killed, unless it has finished before.
const KILL_DELAY: Duration = Duration::from_millis(400);

/// Scenarios whose scans are deleted before they could be saved from Redis.
const ONLY_LIVE: &str = "deleted";

#[test]
fn no_scenario_is_forgotten() {
    let mut names = Scenario::names();
    names.retain(|name| name != ONLY_LIVE);
    assert_eq!(names, SCENARIOS);
}

mod live {
    use super::follow;

    #[test]
    fn streams_short() {
        follow("streams_short");
    }

    #[test]
    fn streams_long() {
        follow("streams_long");
    }

    #[test]
    fn two_versions() {
        follow("two_versions");
    }

    #[test]
    fn streams_change() {
        follow("streams_change");
    }

    #[test]
    fn shared_file() {
        follow("shared_file");
    }

    #[test]
    fn lima_files() {
        follow("lima_files");
    }

    #[test]
    fn aborted() {
        follow("aborted");
    }

    #[test]
    fn deleted() {
        let log = follow(super::ONLY_LIVE);
        assert!(log.contains("INCOMPLETE"), "{log}");
    }
}

/// The files are also right if the writer is killed repeatedly.
mod killed {
    use super::follow_with_deaths;

    #[test]
    fn streams_short() {
        follow_with_deaths("streams_short");
    }

    #[test]
    fn streams_long() {
        follow_with_deaths("streams_long");
    }

    #[test]
    fn shared_file() {
        follow_with_deaths("shared_file");
    }

    #[test]
    fn lima_files() {
        follow_with_deaths("lima_files");
    }
}

/// The recorded files are also those that blisswriter writes when it follows the scans.
mod reference {
    use super::follow_with_reference;

    #[test]
    fn streams_short() {
        follow_with_reference("streams_short");
    }

    #[test]
    fn shared_file() {
        follow_with_reference("shared_file");
    }
}

/// Saves the published scans with `nexus-writer save`.
fn save(name: &str) {
    let scenario = Scenario::new(name);
    let scans = scenario.publish();
    let mut outcomes = String::new();
    for wave in scans.chunk_by(|one, other| one.wave == other.wave) {
        let done = writer()
            .args(["save", "--json", &scenario.url()])
            .args(wave.iter().map(|scan| &scan.key))
            .current_dir(scenario.directory())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&done.stderr);
        let mut complete = true;
        for line in String::from_utf8(done.stdout).unwrap().lines() {
            let mut outcome: Value = serde_json::from_str(line).expect(line);
            let scan = wave.iter().find(|scan| outcome["key"] == *scan.key);
            let label = &scan.expect("a scan that was asked for").label;
            outcome["label"] = label.as_str().into();
            complete &= outcome["state"] == "COMPLETE" || outcome["state"] == "SKIPPED";
            outcomes += &format!("{outcome}\n");
        }
        assert_eq!(
            done.status.code(),
            Some(if complete { 0 } else { 1 }),
            "{outcomes}{log}"
        );
    }
    scenario.check().outcomes(outcomes).verify();
}

/// Lets `nexus-writer run` save the scans while they are published. Returns its log.
fn follow(name: &str) -> String {
    let scenario = Scenario::new(name);
    let mut writer = run(&scenario);
    for scan in scenario.publish_followed(&mut writer) {
        writer.wait_for(&scan.key);
    }
    let (status, log) = writer.interrupt();
    assert!(status.success(), "{status}\n{log}");
    scenario.check().live().verify();
    log
}

/// Saves the scans with writers that are killed in the middle, except the last one.
fn follow_with_deaths(name: &str) {
    let scenario = Scenario::new(name);
    let mut writer = run(&scenario);
    let mut log = thread::scope(|scope| {
        let published = scope.spawn(|| scenario.publish_live());
        let mut log = String::new();
        while !published.is_finished() {
            writer.logs_within("Finished writing", KILL_DELAY);
            writer.signal("KILL");
            let died = std::mem::replace(&mut writer, run(&scenario));
            log += &died.end().1;
        }
        log
    });
    scenario.wait_until_saved();
    let (status, last) = writer.interrupt();
    log += &last;
    assert!(status.success(), "{status}\n{log}");
    scenario.check().live().verify();
}

/// Starts a writer and waits until it has subscribed.
fn run(scenario: &Scenario) -> Program {
    let mut command = writer();
    command
        .args(["run", &scenario.url()])
        .current_dir(scenario.directory());
    let mut writer = Program::start(&mut command);
    writer.wait_for("subscribed");
    writer
}

/// Saves the scans with blisswriter, which sometimes loses a scan: it reads the document of the scan before
/// its state, and does not save a scan that has no mapping yet.
fn follow_with_reference(name: &str) {
    for _ in 0..5 {
        let scenario = Scenario::new(name);
        let mut reference = Program::start(&mut scenario.reference());
        // It also misses scans until it has seen one.
        while !reference.logs_within(&scenario.publish_unsaved(), Duration::from_secs(2)) {}
        let scans = scenario.publish_live();
        scans.iter().for_each(|scan| reference.wait_for(&scan.key));
        let (_, log) = reference.interrupt();
        let lost = |line: &str| {
            line.contains("Not to be saved") && scans.iter().any(|scan| line.contains(&scan.key))
        };
        if !log.lines().any(lost) {
            return scenario.check().live().of_reference().verify();
        }
    }
    panic!("blisswriter lost a scan five times");
}

fn writer() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nexus-writer"));
    command
        .env_remove("REDIS_DATA_URL")
        .env_remove("BEACON_HOST");
    command
}
