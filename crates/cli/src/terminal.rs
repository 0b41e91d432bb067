//! Standard error, which log lines and progress bars share.

use std::io::{self, Write};
use std::sync::LazyLock;

use indicatif::MultiProgress;

use crate::line_queue::LineQueue;

static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Returns the container of all progress bars. They are visible only in a terminal.
pub fn bars() -> &'static MultiProgress {
    &BARS
}

static LINES: LazyLock<io::Result<LineQueue>> =
    LazyLock::new(|| LineQueue::start("standard error", Stderr));

/// Returns the queue of lines to standard error. They do not disturb progress bars.
///
/// # Errors
/// If the system cannot start a thread.
pub fn stderr() -> io::Result<LineQueue> {
    match &*LINES {
        Ok(lines) => Ok(lines.clone()),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}

/// Prints a line to standard error. Never waits, and a reader that has gone is no error.
pub fn print_line(line: &str) {
    let line = format!("{line}\n");
    match &*LINES {
        Ok(lines) => lines.push(line.as_bytes()),
        Err(_) => {
            if Stderr.write_all(line.as_bytes()).is_err() {
                // There is no other place to report it.
            }
        }
    }
}

/// Standard error, which hides the progress bars while something is written.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
