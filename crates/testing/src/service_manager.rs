//! A service manager, as far as a service can see it: the socket for its messages.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// The limit of each wait: no correct program takes that long, even on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// The socket to which a service sends its messages (`sd_notify(3)`).
pub struct ServiceManager {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: tempfile::TempDir,
    lines: Vec<String>,
}

impl ServiceManager {
    /// Makes the socket.
    pub fn new() -> ServiceManager {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        ServiceManager {
            socket,
            path,
            _folder: folder,
            lines: Vec::new(),
        }
    }

    /// Lets a command send its messages here.
    pub fn supervise<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("NOTIFY_SOCKET", &self.path)
    }

    /// Waits for a message with a line that begins so, and that was not returned before. Returns the line.
    pub fn wait_for(&mut self, begin: &str) -> String {
        let deadline = Instant::now() + WAIT_LIMIT;
        loop {
            let found = self.lines.iter().position(|line| line.starts_with(begin));
            if let Some(found) = found {
                return self.lines.drain(..=found).next_back().unwrap();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                self.receive(left),
                "no message {begin:?} after {:?}",
                self.lines
            );
        }
    }

    /// Returns all lines that have come and were not returned yet, and those that come within this time.
    pub fn lines_within(&mut self, time: Duration) -> Vec<String> {
        let deadline = Instant::now() + time;
        while self.receive(deadline.saturating_duration_since(Instant::now())) {}
        std::mem::take(&mut self.lines)
    }

    /// Receives one message. Returns `false` if there is none in time.
    fn receive(&mut self, limit: Duration) -> bool {
        let limit = limit.max(Duration::from_millis(1));
        self.socket.set_read_timeout(Some(limit)).unwrap();
        let mut message = [0; 4096];
        let Ok(length) = self.socket.recv(&mut message) else {
            return false;
        };
        let message = String::from_utf8_lossy(&message[..length]).into_owned();
        self.lines.extend(message.lines().map(str::to_owned));
        true
    }
}

impl Default for ServiceManager {
    fn default() -> ServiceManager {
        ServiceManager::new()
    }
}
