//! Compares our files of small scans with those of the reference writers.
//!
//! Each case is about one detail in which writers may differ: `crates/testing/cases/README.md` explains their form. Where
//! our file or our warnings are not those that the case expects, the test names the case, and all that is different.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use serde_json::{Value as Json, json};
use testing::{Case, CaseRun, Program};

const WRITER: &str = env!("CARGO_BIN_EXE_nexus-writer");

/// What the log has about the end of a scan.
const ENDS: [&str; 3] = ["Finished writing", "FAILED", "INCOMPLETE"];

#[test]
fn saved_scans_are_as_their_cases_say() {
    let run = CaseRun::new();
    let mut cases = Case::all();
    cases.retain(|case| !case.followed);
    let published = run.publish(&cases, |_| ());
    let keys: HashMap<_, _> = published
        .into_iter()
        .map(|case| (case.name, case.key))
        .collect();
    let mut by_options: BTreeMap<&[String], Vec<&str>> = BTreeMap::new();
    for case in &cases {
        by_options
            .entry(&case.options)
            .or_default()
            .push(&case.name);
    }
    let mut outcomes = Vec::new();
    for (options, names) in by_options {
        let mut save = writer();
        save.args(["save", "--json", "--retry-time=0", &run.url()]);
        save.args(names.iter().map(|name| &keys[*name]))
            .args(options);
        for mut outcome in printed(&mut save) {
            let key = outcome["key"].as_str().unwrap();
            let name = names.iter().find(|name| keys[**name] == key);
            outcome["name"] = json!(name.expect("a scan that was asked for"));
            outcomes.push(outcome);
        }
    }
    let mut check = writer();
    check.args(["check", "--json", "--redis", &run.url()]);
    let files = outcomes
        .iter()
        .flat_map(|outcome| outcome["files"].as_array().unwrap());
    let checks = printed(check.args(files.filter_map(Json::as_str)));
    for outcome in &mut outcomes {
        let files = outcome["files"].as_array().unwrap();
        let good = checks.iter().filter(|check| files.contains(&check["file"]));
        outcome["good"] = json!(good.clone().all(|check| check["good"] == true));
    }
    assert_eq!(outcomes.len(), cases.len());
    assert_as_expected(&run, &outcomes);
}

#[test]
fn followed_scans_are_as_their_cases_say() {
    let run = CaseRun::new();
    let mut cases = Case::all();
    cases.retain(|case| case.followed);
    assert!(cases.iter().all(|case| case.options.is_empty()));
    let mut follow = writer();
    follow.args([
        "run",
        &run.url(),
        "--data-writer",
        "any",
        "--log-format",
        "json",
    ]);
    let mut writer = Program::start(&mut follow);
    writer.wait_for("subscribed");
    let published = run.publish(&cases, |key| {
        writer.wait_for_line(&format!("the saving of {key}"), |line| {
            line.contains(key) && (line.contains("start saving") || line.contains("FAILED"))
        });
    });
    for case in &published {
        writer.wait_for_line(&format!("the end of {}", case.name), |line| {
            line.contains(&case.key) && ENDS.iter().any(|end| line.contains(end))
        });
    }
    let (status, log) = writer.interrupt();
    assert!(status.success(), "{log}");
    let outcomes: Vec<Json> = published
        .iter()
        .map(|case| json!({"name": case.name, "warnings": warnings(&log, &case.key)}))
        .collect();
    assert_as_expected(&run, &outcomes);
}

/// Panics with all that is not as the cases say.
fn assert_as_expected(run: &CaseRun, outcomes: &[Json]) {
    let problems = run.problems(outcomes);
    let list: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.case, problem.problem))
        .collect();
    assert!(list.is_empty(), "{}", list.join("\n"));
}

/// Returns the warnings about a scan in a log whose lines are JSON.
fn warnings(log: &str, key: &str) -> Vec<String> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let about = lines.filter(|line| line["level"] == "WARN" && line.to_string().contains(key));
    about
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}

/// Returns the JSON values that a command prints, one on each line.
fn printed(command: &mut Command) -> Vec<Json> {
    let done = command.output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let lines = text.lines().map(serde_json::from_str);
    lines
        .collect::<Result<_, _>>()
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&done.stderr)))
}

/// Returns the command without environment variables that change it.
fn writer() -> Command {
    let mut command = Command::new(WRITER);
    command
        .env_remove("REDIS_DATA_URL")
        .env_remove("BEACON_HOST");
    command
}
