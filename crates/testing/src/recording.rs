//! Scans that BLISS published, and the files that blisswriter 2.0.0 made of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use simulation::redis::PrivateRedis;
use tempfile::TempDir;

use crate::paused_replay::PausedReplay;
use crate::python::{lines, output, python};
use crate::redis::redis;

const INDEX: &str = include_str!("../recordings/bliss2/index.json");

/// A recording of `recordings/bliss2`.
#[derive(Debug, Deserialize)]
pub struct Recording {
    /// The name of its directory.
    pub name: String,
    /// Describes its contents.
    pub what: String,
    /// The writer that the scans ask for.
    pub data_writer: String,
    /// Recorded files: name of the description -> flags of the writer that made them.
    pub golden: BTreeMap<String, Vec<String>>,
}

impl Recording {
    /// Returns all recordings, by name.
    pub fn all() -> Vec<Recording> {
        serde_json::from_str(INDEX).expect("an index of recordings")
    }

    /// Returns the recording of that name.
    pub fn named(name: &str) -> Recording {
        let found = Recording::all().into_iter().find(|one| one.name == name);
        found.unwrap_or_else(|| panic!("no recording is called {name}"))
    }
}

/// How fast recorded scans are published again.
#[derive(Clone, Copy, Debug)]
pub enum Speed {
    /// As fast as Redis accepts the commands.
    Max,
    /// That many times the recorded pace.
    Times(u32),
}

/// Recordings that are replayed, with a Redis and a directory for the files of each.
pub struct Replay {
    names: Vec<String>,
    server: PrivateRedis,
    directory: TempDir,
}

/// A scan of a recording.
#[derive(Debug, Deserialize)]
pub struct RecordedScan {
    /// The recording.
    pub recording: String,
    /// Key of the scan in Redis.
    pub key: String,
    /// The last state that it reached: 1 is prepared, 4 closed.
    pub state: u8,
}

/// A difference from the recorded files.
#[derive(Debug, Deserialize)]
pub struct Difference {
    /// The recording.
    pub recording: String,
    /// `MISSING`, `EXTRA`, `VALUE`, ...: see `python/h5compare.py`.
    pub kind: String,
    /// The file, and the path in it.
    pub path: String,
    /// What was expected and what was found.
    pub text: String,
}

impl Replay {
    /// Starts a Redis and makes a directory for these recordings.
    pub fn new(names: &[&str]) -> Replay {
        Replay {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            server: redis(),
            directory: TempDir::with_prefix("replay-").unwrap(),
        }
    }

    /// Returns the URL of the private Redis.
    pub fn url(&self) -> String {
        self.server.url().to_string()
    }

    /// Returns the directory for the files of all recordings.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the data root of one recording.
    pub fn root(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Publishes the recordings one after the other. Returns their scans in that order.
    pub fn publish(&self, speed: Speed) -> Vec<RecordedScan> {
        lines(&output(&mut self.command(speed)))
    }

    /// Publishes the recordings, and pauses when these fractions of each are published: 0 is its
    /// beginning, 1 its end.
    pub fn publish_with_pauses(&self, speed: Speed, pauses: &[f64]) -> PausedReplay {
        let mut replay = self.command(speed);
        replay
            .arg("--pause")
            .args(pauses.iter().map(f64::to_string));
        PausedReplay::start(&mut replay)
    }

    fn command(&self, speed: Speed) -> Command {
        let mut replay = python();
        replay.arg("replay.py").args(&self.names);
        replay.args(["--redis", &self.url(), "--root"]);
        replay.arg(self.directory()).arg("--speed");
        match speed {
            Speed::Max => replay.arg("max"),
            Speed::Times(factor) => replay.arg(factor.to_string()),
        };
        replay
    }

    /// Compares the files with recorded ones, `golden` or those of other options. Returns the
    /// differences, without the known ones.
    pub fn differences(&self, golden: &str) -> Vec<Difference> {
        let mut compare = python();
        compare.arg("recordings.py").args(&self.names);
        compare.args(["--golden", golden, "--root"]);
        compare.arg(self.directory());
        lines(&output(&mut compare))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            recording,
            kind,
            path,
            text,
        } = self;
        write!(f, "{recording}: {kind} {path}: {text}")
    }
}
