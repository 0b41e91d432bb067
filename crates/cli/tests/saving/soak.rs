//! Long runs under faults: nothing may be lost, and nothing may grow. The tests are short; `./dev soak` sets the
//! variables that make them long.

mod crash;
mod faults;
mod holes;
mod kills;
mod outages;
mod readers;
mod resources;
mod spool;
mod walks;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, end, send};

/// The points of each scan.
const POINTS: [f64; 3] = [0.0, 1.0, 2.0];

/// Returns the number in a variable, or `default` if it is not set.
pub fn scale(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().expect(variable),
        Err(_) => default,
    }
}

/// Returns how long an outage lasts: as long as a test needs, or longer in `./dev soak`.
pub fn outage_time(default: Duration) -> Duration {
    match std::env::var("NEXUS_WRITER_SOAK_OUTAGE") {
        Ok(seconds) => Duration::from_secs(seconds.parse().unwrap()),
        Err(_) => default,
    }
}

/// Sends a signal to a process.
fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Publishes a scan named `name` in `file`, and pauses for up to `pause` after each step.
async fn publish(fixture: &Fixture, file: &Path, name: &str, pause: Duration) {
    let (scan, diode) = fixture.start_scan_as(file, name).await;
    for point in POINTS {
        tokio::time::sleep(pause.mul_f64(fastrand::f64())).await;
        send(&diode, &[point]).await;
    }
    end(scan).await;
}

/// Scans that must be saved: their names, by file.
#[derive(Default)]
struct ExpectedScans(BTreeMap<PathBuf, Vec<String>>);

/// The scans that are not whole.
#[derive(Debug, Default, PartialEq, Eq)]
struct MissingScans {
    /// Scans in files that can be read.
    scans: Vec<String>,
    /// Files that h5py cannot open.
    unreadable_files: Vec<String>,
}

impl ExpectedScans {
    fn add(&mut self, file: &Path, name: &str) {
        let names = self.0.entry(file.to_owned()).or_default();
        names.push(name.to_owned());
    }

    fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Compares all files with what they must contain.
    fn missing(&self) -> MissingScans {
        const PROGRAM: &str = "
import json, sys, h5py
points, files = json.load(sys.stdin)
scans, unreadable = [], []
for name, expected in files:
    try:
        with h5py.File(name, 'r', locking=False) as file:
            for scan in expected:
                if scan not in file or file[scan][()].tolist() != points:
                    scans.append(f'{scan} in {name}')
    except (OSError, KeyError, RuntimeError):
        unreadable.append(name)
json.dump([scans, unreadable], sys.stdout)
";
        let mut python = testing::python();
        python.args(["-c", PROGRAM]);
        let mut child = python
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let files: Vec<_> = self.0.iter().collect();
        let input = json!([POINTS, files]).to_string();
        // The input is closed at the end of the statement.
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let found: Json = serde_json::from_slice(&output.stdout).unwrap();
        let texts = |index: usize| {
            let texts = found[index].as_array().unwrap().iter();
            texts
                .map(|text| text.as_str().unwrap().to_owned())
                .collect()
        };
        MissingScans {
            scans: texts(0),
            unreadable_files: texts(1),
        }
    }
}
