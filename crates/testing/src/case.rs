//! Small scans, and how our files of them differ from those of the reference writers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;
use serde_json::Value as Json;
use simulation::redis::PrivateRedis;
use tempfile::TempDir;

use crate::python::{lines, output, python};
use crate::redis::redis;

/// A case of the folder `cases`.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Its layout and its name: `classic/whole`.
    pub name: String,
    /// Options of the writer.
    pub options: Vec<String>,
    /// Whether the info of the scan changes after it was prepared, so that a writer has to follow it.
    pub followed: bool,
}

/// A case whose scan was published.
#[derive(Debug, Deserialize)]
pub struct PublishedCase {
    /// Name of the case.
    pub name: String,
    /// Key of the scan in Redis.
    pub key: String,
}

/// Something about a case that is not as it should be.
#[derive(Debug, Deserialize)]
pub struct CaseProblem {
    /// Name of the case.
    pub case: String,
    /// What is wrong.
    pub problem: String,
}

/// A Redis in which cases are published, and a directory for their files.
pub struct CaseRun {
    server: PrivateRedis,
    directory: TempDir,
}

/// A line that a publisher prints.
#[derive(Deserialize)]
#[serde(untagged)]
enum PublisherLine {
    Prepared { prepared: String },
    Done(PublishedCase),
}

impl Case {
    /// Returns all cases, by name.
    pub fn all() -> Vec<Case> {
        lines(&output(python().args(["-m", "cases", "list"])))
    }
}

impl CaseRun {
    /// Starts a Redis and makes a directory.
    pub fn new() -> CaseRun {
        CaseRun {
            server: redis(),
            directory: TempDir::with_prefix("cases-").unwrap(),
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

    /// Publishes the scans of these cases from their start to their end. `prepared` is called with the key of each scan
    /// that has to be followed, when it is prepared.
    pub fn publish(&self, cases: &[Case], mut prepared: impl FnMut(&str)) -> Vec<PublishedCase> {
        let mut publish = python();
        publish.args(["-m", "cases", "publish", "--wait", "--redis", &self.url()]);
        publish.arg("--root").arg(self.directory());
        publish.args(cases.iter().map(|case| &case.name));
        let publish = publish.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut publish = publish.spawn().unwrap();
        let mut answers = publish.stdin.take().unwrap();
        let printed = BufReader::new(publish.stdout.take().unwrap());
        let mut published = Vec::new();
        for line in printed.lines() {
            match serde_json::from_str(&line.unwrap()).unwrap() {
                PublisherLine::Prepared { prepared: key } => {
                    prepared(&key);
                    writeln!(answers).unwrap();
                }
                PublisherLine::Done(case) => published.push(case),
            }
        }
        assert!(publish.wait().unwrap().success());
        published
    }

    /// Compares files and outcomes with what the cases expect. An outcome has the name of the case, the state, the
    /// reason and the warnings of the writer, and whether `check` finds the file good.
    pub fn problems(&self, outcomes: &[Json]) -> Vec<CaseProblem> {
        let mut compare = python();
        compare
            .args(["-m", "cases", "compare", "--root"])
            .arg(self.directory());
        compare.args(
            outcomes
                .iter()
                .filter_map(|outcome| outcome["name"].as_str()),
        );
        let piped = compare.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut compare = piped.spawn().unwrap();
        let mut input = compare.stdin.take().unwrap();
        for outcome in outcomes {
            writeln!(input, "{outcome}").unwrap();
        }
        drop(input);
        let done = compare.wait_with_output().unwrap();
        assert!(done.status.success());
        lines(&String::from_utf8(done.stdout).unwrap())
    }
}

impl Default for CaseRun {
    fn default() -> CaseRun {
        CaseRun::new()
    }
}
