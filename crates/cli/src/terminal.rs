//! Standard error, which log lines and progress bars share.

use std::io::{self, Write};
use std::sync::LazyLock;

use indicatif::MultiProgress;

static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Returns the container of all progress bars. They are visible only in a terminal.
pub fn bars() -> &'static MultiProgress {
    &BARS
}

/// Returns a writer of lines to standard error that does not disturb progress bars.
pub fn stderr() -> Stderr {
    Stderr
}

/// Standard error, which hides the progress bars while something is written.
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
