//! Redirects console output, for example of libraries and panics, into the log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::{self, JoinHandle};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stderr, dup2_stdout};
use tracing::{error, info};

/// Redirects standard output and error into the log. Dropping it restores them, after everything that was
/// written is logged.
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

    /// Returns the original standard output, if it is redirected.
    pub fn original_stdout(&self) -> io::Result<Option<File>> {
        original(self.output.as_ref())
    }

    /// Returns the original standard error, if it is redirected.
    pub fn original_stderr(&self) -> io::Result<Option<File>> {
        original(self.errors.as_ref())
    }
}

fn original(redirected: Option<&RedirectedStream>) -> io::Result<Option<File>> {
    redirected
        .map(|redirected| redirected.original.try_clone().map(File::from))
        .transpose()
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
    reader: Option<JoinHandle<()>>,
}

impl RedirectedStream {
    fn begin(stream: Stream) -> io::Result<RedirectedStream> {
        let original = match stream {
            Stream::Output => io::stdout().as_fd().try_clone_to_owned()?,
            Stream::Errors => io::stderr().as_fd().try_clone_to_owned()?,
        };
        let (end, begin) = pipe_with(PipeFlags::CLOEXEC)?;
        let reader = thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || {
                let lines = BufReader::new(File::from(end)).split(b'\n');
                for line in lines.map_while(Result::ok) {
                    stream.log(String::from_utf8_lossy(&line).trim_end());
                }
            })?;
        stream.redirect_to(&begin)?;
        Ok(RedirectedStream {
            stream,
            original,
            reader: Some(reader),
        })
    }
}

impl Drop for RedirectedStream {
    fn drop(&mut self) {
        // An error cannot be reported: the log and the process are about to end.
        let back = io::stdout()
            .flush()
            .and_then(|()| self.stream.redirect_to(&self.original));
        // The reader ends when the last writer of the pipe, the redirected stream, is closed.
        if let (Ok(()), Some(reader)) = (back, self.reader.take())
            && reader.join().is_err()
        {
            eprintln!("the reader of the console panicked");
        }
    }
}
