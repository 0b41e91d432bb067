//! Redirects console output, for example of libraries and panics, into the log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stderr, dup2_stdout};
use tracing::{error, info, warn};

/// How long the end waits until everything is logged. A child process may still have the console.
const END_TIME: Duration = Duration::from_secs(2);

/// Redirects standard output and error into the log. Dropping it restores them, after everything that was
/// written is logged. Nobody who writes there ever waits: the log takes every line at once.
#[derive(Default)]
pub struct ConsoleRedirect {
    output: Option<RedirectedStream>,
    errors: Option<RedirectedStream>,
}

impl ConsoleRedirect {
    /// Redirects standard output and standard error, each if asked for.
    pub fn begin(output: bool, errors: bool) -> io::Result<ConsoleRedirect> {
        let begin = |stream: Stream, asked: bool| {
            asked.then(|| RedirectedStream::begin(stream)).transpose()
        };
        Ok(ConsoleRedirect {
            output: begin(Stream::Output, output)?,
            errors: begin(Stream::Errors, errors)?,
        })
    }

    /// Returns the original standard output.
    pub fn original_stdout(&self) -> io::Result<File> {
        original(self.output.as_ref(), io::stdout().as_fd())
    }

    /// Returns the original standard error.
    pub fn original_stderr(&self) -> io::Result<File> {
        original(self.errors.as_ref(), io::stderr().as_fd())
    }

    /// Returns `true` if standard error is redirected.
    pub fn redirects_stderr(&self) -> bool {
        self.errors.is_some()
    }
}

fn original(redirected: Option<&RedirectedStream>, current: BorrowedFd) -> io::Result<File> {
    let stream = redirected.map_or(current, |redirected| redirected.original.as_fd());
    stream.try_clone_to_owned().map(File::from)
}

#[derive(Clone, Copy)]
enum Stream {
    Output,
    Errors,
}

impl Stream {
    fn redirect_to(self, target: &OwnedFd) -> io::Result<()> {
        let redirected = match self {
            Stream::Output => dup2_stdout(target),
            Stream::Errors => dup2_stderr(target),
        };
        redirected.map_err(io::Error::from)
    }

    fn log(self, line: &str) {
        match self {
            Stream::Output => info!(target: "stdout", "{line}"),
            Stream::Errors => error!(target: "stderr", "{line}"),
        }
    }
}

/// A stream that is redirected into the log.
struct RedirectedStream {
    stream: Stream,
    original: OwnedFd,
    /// Disconnected when the reader has ended.
    ended: Receiver<()>,
}

impl RedirectedStream {
    fn begin(stream: Stream) -> io::Result<RedirectedStream> {
        let original = match stream {
            Stream::Output => io::stdout().as_fd().try_clone_to_owned()?,
            Stream::Errors => io::stderr().as_fd().try_clone_to_owned()?,
        };
        let (end, begin) = pipe_with(PipeFlags::CLOEXEC)?;
        let (running, ended) = channel();
        thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || {
                let _running: Sender<()> = running;
                let lines = BufReader::new(File::from(end)).split(b'\n');
                for line in lines.map_while(Result::ok) {
                    stream.log(String::from_utf8_lossy(&line).trim_end());
                }
            })?;
        stream.redirect_to(&begin)?;
        Ok(RedirectedStream {
            stream,
            original,
            ended,
        })
    }
}

impl Drop for RedirectedStream {
    fn drop(&mut self) {
        // An error cannot be reported: the log and the process are about to end.
        let flushed = match self.stream {
            Stream::Output => io::stdout().flush(),
            Stream::Errors => Ok(()),
        };
        let back = flushed.and_then(|()| self.stream.redirect_to(&self.original));
        // The reader ends when the last writer of the pipe, the redirected stream, is closed.
        if back.is_ok() && self.ended.recv_timeout(END_TIME) == Err(RecvTimeoutError::Timeout) {
            warn!("the console is still open: what is written there now is not logged");
        }
    }
}
