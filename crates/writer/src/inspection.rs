//! Lets another process look at files of detectors.
//!
//! A file system that does not answer would stop the writer thread, and with it all scans; and HDF5 executes one
//! call at a time in a process. So an [`Inspector`] starts another process, asks it, and ends it if it does not
//! answer in time.

mod frame_stream;
mod process;

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use nexus::frames::{ExpectedFrames, FileStamp, Finding, FrameError, FrameRange};
use nexus::inspection::{Answer, Request};

pub use frame_stream::FrameStream;
use process::InspectionProcess;

/// How long a process that has nothing to do is kept.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// Largest number of processes that are kept with nothing to do.
const MAX_IDLE: usize = 2;

/// A program that calls [`nexus::inspection::serve`] with its standard input and output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionProgram {
    /// The path of the program.
    pub path: PathBuf,
    /// Its argument 0, by which it knows what it shall do.
    pub name: OsString,
}

/// Asks other processes to look at files. Belongs to one thread.
pub struct Inspector {
    program: Option<InspectionProgram>,
    idle: RefCell<Vec<IdleProcess>>,
    /// This inspector, for the greenlets that end unused processes.
    this: Weak<Inspector>,
}

/// A process that waits for a request.
struct IdleProcess {
    process: InspectionProcess,
    since: Instant,
}

impl Inspector {
    /// Creates an inspector that starts this program. Without a program nothing can be looked at.
    pub fn new(program: Option<InspectionProgram>) -> Rc<Inspector> {
        Rc::new_cyclic(|this| Inspector {
            program,
            idle: RefCell::default(),
            this: this.clone(),
        })
    }

    /// Finds out which of these frames are in their files. The stamps are those of files that were looked at
    /// before. Waits at most `limit` for each answer. Returns the findings of the first ranges, and why there are no
    /// more if there are fewer findings than ranges.
    pub async fn find(
        &self,
        expected: &ExpectedFrames,
        ranges: Vec<(FrameRange, Option<FileStamp>)>,
        limit: Duration,
    ) -> (Vec<Finding>, Option<FrameError>) {
        let count = ranges.len();
        let mut findings = Vec::with_capacity(count);
        let expected = expected.clone();
        let request = Request::Find { expected, ranges };
        let error = self
            .collect(&request, count, limit, &mut findings)
            .await
            .err();
        (findings, error)
    }

    async fn collect(
        &self,
        request: &Request,
        count: usize,
        limit: Duration,
        findings: &mut Vec<Finding>,
    ) -> Result<(), FrameError> {
        let mut process = self.process()?;
        process.send(request, limit).await?;
        while findings.len() < count {
            match process.answer(limit).await? {
                Answer::Finding(finding) => findings.push(finding),
                _ => return Err(unexpected()),
            }
        }
        self.keep(process);
        Ok(())
    }

    /// Begins to read these frames. Waits at most `limit` until the file is open, and at most `batch_limit` for each
    /// part of the frames.
    ///
    /// # Errors
    /// If the first frame cannot be read.
    pub async fn read(
        &self,
        expected: &ExpectedFrames,
        range: FrameRange,
        limit: Duration,
        batch_limit: Duration,
    ) -> Result<FrameStream<'_>, FrameError> {
        let expected = expected.clone();
        let request = Request::Read { expected, range };
        let mut process = self.process()?;
        process.send(&request, limit).await?;
        match process.answer(limit).await? {
            Answer::Frames { element, shape } => {
                Ok(FrameStream::new(self, process, element, shape, batch_limit))
            }
            Answer::End(Some(error)) => {
                self.keep(process);
                Err(error)
            }
            _ => Err(unexpected()),
        }
    }

    /// Reads texts of a file: the first elements of these attributes of its root group, then those of these datasets. A text
    /// that is not there is `None`. Waits at most `limit` for the answer.
    ///
    /// # Errors
    /// If the file cannot be opened, or nobody answers.
    pub async fn texts(
        &self,
        file: &str,
        attributes: Vec<String>,
        datasets: Vec<String>,
        limit: Duration,
    ) -> Result<(Vec<Option<String>>, Vec<Option<String>>), FrameError> {
        let request = Request::Texts {
            file: file.to_owned(),
            attributes,
            datasets,
        };
        let mut process = self.process()?;
        process.send(&request, limit).await?;
        let answer = process.answer(limit).await?;
        self.keep(process);
        match answer {
            Answer::Texts {
                attributes,
                datasets,
            } => Ok((attributes, datasets)),
            Answer::End(Some(error)) => Err(error),
            _ => Err(unexpected()),
        }
    }

    fn process(&self) -> Result<InspectionProcess, FrameError> {
        if let Some(idle) = self.idle.borrow_mut().pop() {
            return Ok(idle.process);
        }
        let program = self.program.as_ref();
        let program = program.ok_or_else(|| {
            FrameError::NotInspected("the writer was given no program for it".to_owned())
        })?;
        InspectionProcess::start(program)
    }

    /// Keeps a process that has given all answers for the next request.
    fn keep(&self, process: InspectionProcess) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() >= MAX_IDLE {
            return;
        }
        let since = Instant::now();
        idle.push(IdleProcess { process, since });
        let this = self.this.clone();
        hub::spawn(async move {
            hub::sleep(IDLE_TIME).await;
            if let Some(inspector) = this.upgrade() {
                let mut idle = inspector.idle.borrow_mut();
                idle.retain(|process| process.since.elapsed() < IDLE_TIME);
            }
        })
        .detach();
    }
}

fn unexpected() -> FrameError {
    FrameError::NotInspected("an answer that was not expected".to_owned())
}
