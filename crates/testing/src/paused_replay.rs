//! A replay that pauses.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;

use crate::recording::RecordedScan;

/// Recordings that are being published, up to the next pause.
pub struct PausedReplay {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    scans: Vec<RecordedScan>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Pause { scans: BTreeMap<String, u8> },
    Scan(RecordedScan),
}

impl PausedReplay {
    pub(crate) fn start(command: &mut Command) -> PausedReplay {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        PausedReplay {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            scans: Vec::new(),
        }
    }

    /// Waits for the next pause. Returns the scans that the present recording has created by then, by
    /// key, with their states (see [`RecordedScan::state`]), or `None` when everything is published.
    pub fn pause(&mut self) -> Option<BTreeMap<String, u8>> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match serde_json::from_str(&line).expect(&line) {
                Line::Pause { scans } => return Some(scans),
                Line::Scan(scan) => self.scans.push(scan),
            }
        }
    }

    /// Ends a pause.
    pub fn resume(&mut self) {
        self.input.write_all(b"\n").unwrap();
    }

    /// Waits until everything is published. Returns the scans in the order of their publication.
    pub fn end(mut self) -> Vec<RecordedScan> {
        assert!(self.pause().is_none(), "a pause has not ended");
        assert!(self.child.wait().unwrap().success());
        self.scans
    }
}
