//! Scans published by the genuine blissdata, and the files that they should become.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;
use simulation::redis::PrivateRedis;
use tempfile::TempDir;

use crate::program::Program;
use crate::python::{installed, lines, output, python};
use crate::redis::{redis, wait_until_saved};

/// A scenario of `python/scenarios`, with a Redis and a directory for its files.
pub struct Scenario {
    name: String,
    server: PrivateRedis,
    directory: TempDir,
}

/// A scan of a scenario.
#[derive(Debug, Deserialize)]
pub struct PublishedScan {
    /// Key of the scan in Redis.
    pub key: String,
    /// Name of the scan in the scenario; empty if it is the only one.
    pub label: String,
    /// Scans of later waves must be saved after those of earlier ones.
    pub wave: u32,
}

/// A line that a publisher prints with `--wait`.
#[derive(Deserialize)]
#[serde(untagged)]
enum PublisherLine {
    Started { started: String },
    Done(PublishedScan),
}

/// Time in seconds between two steps of a scan that is published live.
const STEP_SECONDS: f64 = 0.1;

impl Scenario {
    /// Returns the names of all scenarios.
    pub fn names() -> Vec<String> {
        let list = output(python().args(["-m", "scenarios", "--list"]));
        let first = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        list.lines().map(first).collect()
    }

    /// Starts a Redis and makes a directory for a scenario.
    pub fn new(name: &str) -> Scenario {
        Scenario {
            name: name.to_owned(),
            server: redis(),
            directory: TempDir::with_prefix("scenario-").unwrap(),
        }
    }

    /// Returns the URL of the private Redis.
    pub fn url(&self) -> String {
        self.server.url().to_string()
    }

    /// Returns the directory for the files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Publishes the scans, from their start to their end. Returns them ordered by wave.
    pub fn publish(&self) -> Vec<PublishedScan> {
        self.run_publisher(&self.name, 0.0)
    }

    /// Publishes the scans with pauses, in which a writer can follow them.
    pub fn publish_live(&self) -> Vec<PublishedScan> {
        self.run_publisher(&self.name, STEP_SECONDS)
    }

    /// Publishes the scans with pauses. Each scan that has started waits until this writer has begun to
    /// save it, or has failed.
    pub fn publish_followed(&self, writer: &mut Program) -> Vec<PublishedScan> {
        let mut publish = self.publisher(&self.name, STEP_SECONDS);
        let publish = publish.arg("--wait").stdin(Stdio::piped());
        let mut publish = publish.stdout(Stdio::piped()).spawn().unwrap();
        let mut answers = publish.stdin.take().unwrap();
        let printed = BufReader::new(publish.stdout.take().unwrap());
        let mut scans = Vec::new();
        for line in printed.lines() {
            match serde_json::from_str(&line.unwrap()).unwrap() {
                PublisherLine::Started { started } => {
                    let beginnings = ["start saving", "FAILED"];
                    writer.wait_for_line(&format!("the saving of {started}"), |line| {
                        line.contains(&started) && beginnings.iter().any(|text| line.contains(text))
                    });
                    writeln!(answers).unwrap();
                }
                PublisherLine::Done(scan) => scans.push(scan),
            }
        }
        assert!(publish.wait().unwrap().success());
        in_order(scans)
    }

    /// Publishes scans that are not to be saved. Returns the key of one.
    pub fn publish_unsaved(&self) -> String {
        self.run_publisher("not_saved", 0.0).remove(0).key
    }

    /// Returns the command that makes blisswriter save every scan that appears.
    pub fn reference(&self) -> Command {
        let mut command = installed("blisswriter");
        command
            .args(["run", &self.url()])
            .current_dir(self.directory());
        command
    }

    /// Waits until the writers that have followed the scans have come to an end with all of them.
    pub fn wait_until_saved(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(wait_until_saved(&self.server.url()));
    }

    /// Returns a comparison of the files with the expected ones.
    pub fn check(&self) -> FileCheck<'_> {
        FileCheck {
            scenario: self,
            options: Vec::new(),
            outcomes: None,
        }
    }

    fn run_publisher(&self, name: &str, step_seconds: f64) -> Vec<PublishedScan> {
        in_order(lines(&output(&mut self.publisher(name, step_seconds))))
    }

    fn publisher(&self, name: &str, step_seconds: f64) -> Command {
        let mut publish = python();
        publish.args(["-m", "scenarios", name, "--redis", &self.url(), "--root"]);
        publish
            .arg(self.directory())
            .arg(format!("--pace={step_seconds}"));
        publish
    }
}

fn in_order(mut scans: Vec<PublishedScan>) -> Vec<PublishedScan> {
    scans.sort_by_key(|scan| scan.wave);
    scans
}

/// A comparison with the recorded result of blisswriter 3.0.0, without its known defects.
pub struct FileCheck<'a> {
    scenario: &'a Scenario,
    options: Vec<&'static str>,
    outcomes: Option<String>,
}

impl FileCheck<'_> {
    /// Sets that the writer followed the scans while they ran.
    pub fn live(mut self) -> Self {
        self.options.push("--live");
        self
    }

    /// Sets that the writer was blisswriter itself, whose defects are expected.
    pub fn of_reference(mut self) -> Self {
        self.options.push("--reference");
        self
    }

    /// Sets how the scans ended: lines of JSON with `label`, `state` and `reason`.
    pub fn outcomes(mut self, lines: String) -> Self {
        self.options.push("--outcomes");
        self.outcomes = Some(lines);
        self
    }

    /// Fails with the differences, if there are any.
    pub fn verify(self) {
        let scenario = self.scenario;
        let mut check = python();
        check
            .args(["check.py", &scenario.name, "--root"])
            .arg(scenario.directory());
        check
            .args(&self.options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = check.spawn().unwrap();
        let outcomes = self.outcomes.unwrap_or_default();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(outcomes.as_bytes())
            .unwrap();
        let done = child.wait_with_output().unwrap();
        let differences = String::from_utf8_lossy(&done.stdout);
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(
            done.status.success(),
            "{}:\n{differences}{errors}",
            scenario.name
        );
    }
}
