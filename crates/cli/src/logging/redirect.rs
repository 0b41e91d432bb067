//! What is written to the console becomes messages: that of libraries, and of panics.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::{self, JoinHandle};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stderr, dup2_stdout};
use tracing::{error, info};

/// Standard output and error as long as they lead into the log. Dropping it leads them back, when
/// all that was written is logged.
#[derive(Default)]
pub struct Redirected {
    output: Option<Way>,
    errors: Option<Way>,
}

impl Redirected {
    /// Leads what is asked for into the log.
    pub fn begin(output: bool, errors: bool) -> io::Result<Redirected> {
        let begin = |stream: Stream, asked: bool| asked.then(|| Way::begin(stream)).transpose();
        Ok(Redirected {
            output: begin(Stream::Output, output)?,
            errors: begin(Stream::Errors, errors)?,
        })
    }

    /// Where standard output went before, if it leads into the log.
    pub fn original_stdout(&self) -> io::Result<Option<File>> {
        original(self.output.as_ref())
    }

    /// The same of standard error.
    pub fn original_stderr(&self) -> io::Result<Option<File>> {
        original(self.errors.as_ref())
    }
}

fn original(way: Option<&Way>) -> io::Result<Option<File>> {
    way.map(|way| way.original.try_clone().map(File::from))
        .transpose()
}

#[derive(Clone, Copy)]
enum Stream {
    Output,
    Errors,
}

impl Stream {
    fn lead_to(self, target: &OwnedFd) -> io::Result<()> {
        let led = match self {
            Stream::Output => dup2_stdout(target),
            Stream::Errors => dup2_stderr(target),
        };
        led.map_err(io::Error::from)
    }

    fn log(self, line: &str) {
        match self {
            Stream::Output => info!(target: "stdout", "{line}"),
            Stream::Errors => error!(target: "stderr", "{line}"),
        }
    }
}

/// One stream that leads into the log.
struct Way {
    stream: Stream,
    original: OwnedFd,
    reader: Option<JoinHandle<()>>,
}

impl Way {
    fn begin(stream: Stream) -> io::Result<Way> {
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
        stream.lead_to(&begin)?;
        Ok(Way {
            stream,
            original,
            reader: Some(reader),
        })
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        // Whatever fails here, the process ends: there is nobody left to tell.
        let back = io::stdout()
            .flush()
            .and_then(|()| self.stream.lead_to(&self.original));
        // Only then has the pipe an end.
        if let (Ok(()), Some(reader)) = (back, self.reader.take())
            && reader.join().is_err()
        {
            eprintln!("the reader of the console panicked");
        }
    }
}
