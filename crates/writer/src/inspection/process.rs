//! A process that looks at files.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use nexus::frames::FrameError;
use nexus::inspection::{Answer, Request};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::InspectionProgram;

/// A process that looks at files. It is killed when this is dropped.
pub(super) struct InspectionProcess {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    _child: Child,
}

impl InspectionProcess {
    /// Starts the program.
    pub fn start(program: &InspectionProgram) -> Result<InspectionProcess, FrameError> {
        let mut child = Command::new(&program.path)
            .arg0(&program.name)
            // Only the writer itself speaks to systemd.
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Signals of a terminal are for the writer alone, which may still have questions.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failure)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(requests), Some(answers)) => Ok(InspectionProcess {
                requests,
                answers: BufReader::new(answers),
                _child: child,
            }),
            _ => Err(failure(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Sends a request.
    pub async fn send(&mut self, request: &Request, limit: Duration) -> Result<(), FrameError> {
        let mut line = serde_json::to_vec(request).map_err(|error| failure(error.into()))?;
        line.push(b'\n');
        within(limit, self.requests.write_all(&line)).await
    }

    /// Receives the next answer.
    pub async fn answer(&mut self, limit: Duration) -> Result<Answer, FrameError> {
        let mut line = Vec::new();
        within(limit, self.answers.read_until(b'\n', &mut line)).await?;
        if line.is_empty() {
            return Err(failure(io::ErrorKind::UnexpectedEof.into()));
        }
        serde_json::from_slice(&line).map_err(|error| failure(error.into()))
    }

    /// Receives the bytes that follow an answer.
    pub async fn bytes(&mut self, count: usize, limit: Duration) -> Result<Vec<u8>, FrameError> {
        let mut bytes = vec![0; count];
        within(limit, self.answers.read_exact(&mut bytes)).await?;
        Ok(bytes)
    }
}

async fn within<T>(
    limit: Duration,
    exchange: impl Future<Output = io::Result<T>>,
) -> Result<T, FrameError> {
    match hub::timeout(limit, exchange).await {
        Ok(exchanged) => exchanged.map_err(failure),
        Err(_) => Err(FrameError::NoAnswer(limit.as_secs())),
    }
}

fn failure(error: io::Error) -> FrameError {
    FrameError::NotInspected(format!("the process for it: {error}"))
}
