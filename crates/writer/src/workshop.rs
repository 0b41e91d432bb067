//! The workshop: where the consumers of all scans work.
//!
//! [`Workshop`] is the handle that the main thread holds. In the thread itself, every consumer finds
//! the same [`Bench`]: the open files, the workers that encode chunks, and the memory to share.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hub::{Budget, StopError, Thread};
use nexus::chunk::Pool;
use nexus::dataset::Outbox;
use nexus::file::FilePool;

/// Bytes that wait between all listeners and all consumers.
const QUEUED: usize = 24 << 20;
/// Bytes that all scans together may gather in chunks that are not full.
const GATHERED: u64 = 48 << 20;
/// Bytes of a chunk when there is room.
const LARGEST_CHUNK: u64 = 1 << 20;
/// Bytes of a chunk however many streams there are.
const SMALLEST_CHUNK: u64 = 16 << 10;
/// Time to close files before the thread is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The one thread that writes files.
pub struct Workshop {
    thread: Thread<()>,
    budget: Budget,
}

impl Workshop {
    /// Starts the thread.
    pub fn start() -> io::Result<Workshop> {
        Ok(Workshop {
            thread: Thread::serving("writer")?,
            budget: Budget::new(QUEUED),
        })
    }

    /// Ends the thread, once the scans have ended.
    pub async fn stop(&self) -> Result<(), StopError> {
        self.thread.stop(Some(PATIENCE)).await
    }

    pub(crate) fn thread(&self) -> &Thread<()> {
        &self.thread
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }
}

thread_local! {
    static BENCH: Result<Rc<Bench>, String> =
        Bench::new().map(Rc::new).map_err(|error| error.to_string());
}

/// What the consumers of one thread share.
pub(crate) struct Bench {
    /// The open files.
    pub files: FilePool,
    /// The way of points into files.
    pub outbox: Outbox,
    ungathered: Cell<u64>,
}

impl Bench {
    /// The bench of this thread, made on first use.
    pub fn here() -> Result<Rc<Bench>, String> {
        BENCH.with(Clone::clone)
    }

    fn new() -> io::Result<Bench> {
        let outbox = Outbox::new(Arc::new(Pool::start()?));
        Ok(Bench {
            files: FilePool::new(),
            outbox,
            ungathered: Cell::new(GATHERED),
        })
    }

    /// Room to gather chunks of `streams` streams.
    ///
    /// It never waits, because scans may last for hours: who comes late gets smaller chunks.
    pub fn share(self: &Rc<Bench>, streams: usize) -> Share {
        let streams = streams.max(1) as u64;
        // Half of what is left at most, so that there is something for the next scan too.
        let chunk = (self.ungathered.get() / 2 / streams).clamp(SMALLEST_CHUNK, LARGEST_CHUNK);
        let chunk = 1 << chunk.ilog2();
        let taken = (chunk * streams).min(self.ungathered.get());
        self.ungathered.set(self.ungathered.get() - taken);
        Share {
            bench: self.clone(),
            chunk,
            taken,
        }
    }
}

/// A scan's part of the memory for chunks; given back when dropped.
pub(crate) struct Share {
    bench: Rc<Bench>,
    /// Bytes of one chunk.
    pub chunk: u64,
    taken: u64,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.bench
            .ungathered
            .set(self.bench.ungathered.get() + self.taken);
    }
}
