//! A process that reads files.

use std::io;
use std::process::Stdio;

use file_request::{AnswerHead, ReadRequest};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;

use super::ReaderProgram;

/// The most bytes of an answer, which the process does not exceed.
const MAX_ANSWER: usize = 32 << 20;

/// Variables that would let HDF5 open other files than those that were checked, or load code.
const VARIABLES: [&str; 5] = [
    "HDF5_EXT_PREFIX",
    "HDF5_VDS_PREFIX",
    "HDF5_EXTFILE_PREFIX",
    "HDF5_PLUGIN_PATH",
    "HDF5_DRIVER",
];

/// A process that reads files. It is killed when this is dropped.
pub struct ReaderProcess {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// `None` when it was handed over to be waited for.
    child: Option<Child>,
    /// The place among the processes, which is free when this one has ended.
    place: Option<OwnedSemaphorePermit>,
}

impl ReaderProcess {
    /// Starts the program.
    pub fn start(
        program: &ReaderProgram,
        place: OwnedSemaphorePermit,
    ) -> io::Result<ReaderProcess> {
        let mut command = Command::new(&program.path);
        command.arg0(&program.name).current_dir("/");
        // Only the writer itself speaks to systemd.
        command.env_remove("NOTIFY_SOCKET");
        for name in VARIABLES {
            command.env_remove(name);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Signals of a terminal are for the writer alone.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(requests), Some(answers)) => Ok(ReaderProcess {
                requests,
                answers: BufReader::new(answers),
                child: Some(child),
                place: Some(place),
            }),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Sends a request, and receives its answer.
    pub async fn ask(&mut self, request: &ReadRequest) -> io::Result<(AnswerHead, Vec<u8>)> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.requests.write_all(&line).await?;
        let mut head = Vec::new();
        self.answers.read_until(b'\n', &mut head).await?;
        if head.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let head: AnswerHead = serde_json::from_slice(&head)?;
        if head.length > MAX_ANSWER {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; head.length];
        self.answers.read_exact(&mut body).await?;
        Ok((head, body))
    }
}

impl Drop for ReaderProcess {
    /// Kills the process. One that waits for a file system that does not answer may not end at once, and keeps its place as
    /// long as that.
    fn drop(&mut self) {
        let (Some(mut child), place) = (self.child.take(), self.place.take()) else {
            return;
        };
        if let Err(error) = child.start_kill() {
            debug!("a process that reads files has ended before: {error}");
        }
        // The service may be ending.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = child.wait().await {
                    debug!("a process that reads files cannot be waited for: {error}");
                }
                drop(place);
            });
        }
    }
}
