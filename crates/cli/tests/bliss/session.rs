//! A session of BLISS that the test controls. See `session.py`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value as Json, json};

pub struct Session {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Session {
    /// Starts a session, and waits until it is set up.
    pub fn start(command: &mut Command, folder: &Path) -> Session {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut session = Session {
            requests: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(session.answer(), Ok(json!("ready")));
        session.save(json!({"base_path": folder, "writer": "nexus"}));
        session
    }

    /// Changes attributes of `SCAN_SAVING`, where scans are saved. Returns the file.
    pub fn save(&mut self, mut attributes: Json) -> PathBuf {
        attributes["do"] = "save".into();
        let file = self.request(&attributes).unwrap();
        file.as_str().unwrap().into()
    }

    /// Starts a scan. Returns the name by which the writer knows it.
    pub fn begin(&mut self, scan: &str, arguments: Json, detectors: &[&str]) -> String {
        let request = json!({
            "do": "begin", "scan": scan, "arguments": arguments, "detectors": detectors,
        });
        let name = self.request(&request).unwrap();
        name.as_str().unwrap().to_owned()
    }

    /// Interrupts the scan as Ctrl-C does.
    pub fn interrupt(&mut self, scan: &str) {
        let request = json!({"do": "interrupt", "scan": scan});
        self.request(&request).unwrap();
    }

    /// Waits for the end of a scan. Returns the error that its user sees if it failed.
    pub fn finish(&mut self, scan: &str) -> Result<(), String> {
        let request = json!({"do": "finish", "scan": scan});
        self.request(&request).map(drop)
    }

    /// Sends a request of `session.py`. Returns its value, or the error that a user would see.
    pub fn request(&mut self, request: &Json) -> Result<Json, String> {
        writeln!(self.requests, "{request}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Result<Json, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the session has ended");
        let mut answer: Json = serde_json::from_str(&line).unwrap();
        match answer.get("error") {
            None => Ok(answer["value"].take()),
            Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Both fail if the session has already ended, which is fine.
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}
