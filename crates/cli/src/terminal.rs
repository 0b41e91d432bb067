//! Standard error, which log lines and progress bars share.

use std::io::{self, Write};
use std::sync::LazyLock;

use indicatif::MultiProgress;

static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// The place of all progress bars. They show only in a terminal.
pub fn bars() -> &'static MultiProgress {
    &BARS
}

/// Standard error for lines that come between progress bars.
pub fn stderr() -> Stderr {
    Stderr
}

/// Moves progress bars out of the way for what is written.
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
