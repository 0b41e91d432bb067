//! Compares files with those of undisturbed writers.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::json;

/// When a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// There is no room. The older scans must be as they were, and the scan must be whole if the file says so.
    WhenFull,
    /// The scan is saved.
    Finished,
}

/// A program that compares files with h5py. It runs for all comparisons, because it takes a while to start.
pub struct Comparison(Mutex<Peer>);

struct Peer {
    program: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Comparison {
    pub fn start() -> Comparison {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/same_scans.py");
        let mut python = testing::python();
        let python = python.arg(script).stdin(Stdio::piped());
        let mut program = python.stdout(Stdio::piped()).spawn().unwrap();
        Comparison(Mutex::new(Peer {
            input: program.stdin.take().unwrap(),
            output: BufReader::new(program.stdout.take().unwrap()),
            program,
        }))
    }

    /// Compares a file with a reference, where `entry` is the scan that is being saved.
    ///
    /// # Errors
    /// What is wrong.
    pub fn compare(
        &self,
        moment: Moment,
        file: &Path,
        reference: &Path,
        entry: &str,
    ) -> Result<(), String> {
        let mode = match moment {
            Moment::WhenFull => "when_full",
            Moment::Finished => "finished",
        };
        let mut peer = self.0.lock().unwrap();
        writeln!(peer.input, "{}", json!([mode, file, reference, entry])).unwrap();
        let mut answer = String::new();
        peer.output.read_line(&mut answer).unwrap();
        match answer.trim_end() {
            "[]" => Ok(()),
            problems => Err(format!("{moment:?}: {problems}")),
        }
    }
}

impl Drop for Comparison {
    fn drop(&mut self) {
        let peer = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Both fail if the program has ended, which needs no action.
        if peer.program.kill().is_ok() {
            peer.program.wait().ok();
        }
    }
}
