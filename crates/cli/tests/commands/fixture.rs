//! A data store, a directory for files, and the command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use simulation::redis::PrivateRedis;
pub use testing::run;

/// Returns the command with its arguments, without environment variables that change it.
pub fn nexus_writer<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nexus-writer"));
    command.args(arguments).stdin(Stdio::null());
    for variable in ["REDIS_DATA_URL", "BEACON_HOST", "NEXUS_WRITER_CONFIG"] {
        command.env_remove(variable);
    }
    command
}

/// A private data store, and a directory for files.
pub struct Fixture {
    pub server: PrivateRedis,
    folder: tempfile::TempDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture {
            server: testing::redis(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn url(&self) -> String {
        self.server.url().with_secrets()
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("scans.h5")
    }

    /// Returns the command `simulate` with the data store and file of the fixture.
    pub fn simulation(&self, options: &[&str]) -> Command {
        let mut command = nexus_writer(["simulate", &self.url(), "--file"]);
        command.arg(self.file()).args(options);
        command
    }

    /// Simulates as fast as possible. Returns the keys that were printed.
    pub fn simulate(&self, options: &[&str]) -> Vec<String> {
        let (status, keys, log) = run(self.simulation(options).args(["--rate", "0"]));
        assert_eq!(status, Some(0), "{log}");
        keys.lines().map(str::to_owned).collect()
    }

    /// Saves scans, which must be complete. Returns what is in the file.
    pub fn save(&self, keys: &[String]) -> SaveOutput {
        let (status, reports, log) = run(nexus_writer(["save", "--json", &self.url()]).args(keys));
        assert_eq!(status, Some(0), "{reports}{log}");
        let reports = reports
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        SaveOutput {
            reports: reports.collect(),
            facts: facts(&self.file()),
        }
    }
}

pub struct SaveOutput {
    /// One per scan.
    pub reports: Vec<Json>,
    pub facts: Json,
}

/// Returns what h5py and silx find in a file.
pub fn facts(file: &Path) -> Json {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/facts.py");
    let facts = testing::output(testing::python().arg(script).arg(file));
    serde_json::from_str(&facts).unwrap()
}
