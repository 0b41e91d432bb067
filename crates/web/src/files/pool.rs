//! The processes that read files.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use file_request::{AnswerHead, ReadRequest};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::warn;

use super::ReaderProgram;
use super::process::ReaderProcess;
use crate::guard::Refusal;

/// The most processes at the same time.
const MAX_PROCESSES: usize = 2;

/// How long a process may take for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How long a request waits for a process that is not occupied.
const WAIT_LIMIT: Duration = Duration::from_secs(4);

/// How long a process that has nothing to do is kept.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// The processes that read files. They are started when they are needed.
#[derive(Clone)]
pub struct ReaderPool(Arc<Pool>);

struct Pool {
    program: Option<ReaderProgram>,
    /// The requests that may be answered at the same time.
    turns: Semaphore,
    /// The processes that may exist at the same time.
    places: Arc<Semaphore>,
    idle: Mutex<Vec<IdleProcess>>,
}

struct IdleProcess {
    process: ReaderProcess,
    since: Instant,
}

impl ReaderPool {
    /// Creates the pool of the processes that run a program. Without a program no file can be read.
    pub fn new(program: Option<ReaderProgram>) -> ReaderPool {
        ReaderPool(Arc::new(Pool {
            program,
            turns: Semaphore::new(MAX_PROCESSES),
            places: Arc::new(Semaphore::new(MAX_PROCESSES)),
            idle: Mutex::default(),
        }))
    }

    /// Has a process answer a request.
    ///
    /// # Errors
    /// If all processes are occupied, or the answer takes too long.
    pub async fn ask(&self, request: &ReadRequest) -> Result<(AnswerHead, Vec<u8>), Refusal> {
        let _turn = self.turn().await?;
        let mut process = self.process().await?;
        match timeout(ANSWER_LIMIT, process.ask(request)).await {
            Ok(Ok(answer)) => {
                self.keep(process);
                Ok(answer)
            }
            Ok(Err(error)) => {
                warn!("the process that reads files has failed: {error}");
                Err(unavailable(
                    "the file could not be read: the process that read it has ended",
                ))
            }
            Err(_) => Err(unavailable(
                "the file was not read within 5 s: it is very large there, or its file system does not answer",
            )),
        }
    }

    /// Waits until fewer requests are being answered than there may be processes.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        match timeout(WAIT_LIMIT, self.0.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(occupied()),
        }
    }

    /// Takes a process that is idle, or starts one.
    async fn process(&self) -> Result<ReaderProcess, Refusal> {
        if let Some(idle) = self.0.idle().pop() {
            return Ok(idle.process);
        }
        let Some(program) = &self.0.program else {
            return Err(unavailable("this program cannot read files"));
        };
        let place = self.place().await?;
        ReaderProcess::start(program, place).map_err(|error| {
            warn!("the process that reads files cannot be started: {error}");
            unavailable("the process that reads files cannot be started")
        })
    }

    /// Waits until a process that was killed has ended.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let places = self.0.places.clone();
        match timeout(WAIT_LIMIT, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(occupied()),
        }
    }

    /// Keeps a process for the next request.
    fn keep(&self, process: ReaderProcess) {
        let since = Instant::now();
        self.0.idle().push(IdleProcess { process, since });
        let pool = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let end = since + IDLE_TIME;
            sleep_until(end).await;
            if let Some(pool) = pool.upgrade() {
                pool.idle().retain(|idle| idle.since + IDLE_TIME > end);
            }
        });
    }
}

impl Pool {
    /// No code runs under the lock that could leave the list half changed.
    fn idle(&self) -> MutexGuard<'_, Vec<IdleProcess>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(text: &str) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text)
}

fn occupied() -> Refusal {
    unavailable("other requests for files take all the time: try again")
}
