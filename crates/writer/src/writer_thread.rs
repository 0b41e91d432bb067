//! The writer thread: where the consumers of all scans work.
//!
//! [`WriterThread`] is the handle that the main thread holds. In the thread itself, every consumer finds
//! the same [`WriterContext`]: the open files, the workers that encode chunks, and the memory to share.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use hub::{Budget, CallError, StopError, Thread};
use nexus::chunk::Pool;
use nexus::dataset::Outbox;
use nexus::file::{FilePool, FileSession};
use observation::Observation;
use tracing::warn;

/// Bytes that wait between all listeners and all consumers.
const QUEUED: usize = 16 << 20;
/// Bytes that all scans together may gather in chunks that are not full.
const GATHERED: u64 = 40 << 20;
/// Bytes of a chunk when there is room.
const LARGEST_CHUNK: u64 = 1 << 20;
/// Bytes of a chunk however many streams there are.
const SMALLEST_CHUNK: u64 = 16 << 10;
/// Files to keep open between scans.
const KEPT_FILES: usize = 8;
/// Files of which it is remembered what they show.
const REMEMBERED: usize = 1000;
/// Time to close files before the thread is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The one thread that writes files.
pub struct WriterThread {
    thread: Thread<()>,
    budget: Budget,
    observation: Arc<Observation>,
}

impl WriterThread {
    /// Starts the thread. Everything that writes files with it reports to `observation`.
    ///
    /// # Errors
    /// If the system has no thread for us.
    pub fn start(observation: Arc<Observation>) -> io::Result<WriterThread> {
        observation.points.limit.set(QUEUED as f64);
        Ok(WriterThread {
            thread: Thread::serving("writer")?,
            budget: Budget::new(QUEUED),
            observation,
        })
    }

    /// Where the thread reports what it does.
    pub fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// Keeps the last files open between scans, until the thread ends.
    ///
    /// Each opening costs time and some kilobytes in the file (HDF5 does not use again the rest of
    /// its heaps), so this suits many scans that are known beforehand. Otherwise a file is let go,
    /// and its lock with it, as soon as no scan needs it.
    pub async fn keep_files(&self) -> Result<(), CallError> {
        self.on_context(|context| context.keeps.set(true)).await
    }

    /// Closes the files that were kept open and ends the thread, once the scans have ended.
    pub async fn stop(&self) -> Result<(), StopError> {
        // Not left to the end of the thread, which nobody could wait for.
        let closed = self
            .on_context(|context| context.kept.borrow_mut().clear())
            .await;
        if let Err(error) = closed {
            warn!("cannot close the files that were kept open: {error}");
        }
        self.thread.stop(Some(PATIENCE)).await
    }

    async fn on_context(&self, work: fn(&WriterContext)) -> Result<(), CallError> {
        let observation = self.observation.clone();
        let work = move || WriterContext::here(&observation).map(|context| work(&context));
        if let Err(reason) = self.thread.apply(work).await? {
            warn!("cannot set up the writer thread: {reason}");
        }
        Ok(())
    }

    pub(crate) fn thread(&self) -> &Thread<()> {
        &self.thread
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }
}

thread_local! {
    static CONTEXT: OnceCell<Rc<WriterContext>> = const { OnceCell::new() };
}

/// What the consumers of one thread share.
pub(crate) struct WriterContext {
    files: FilePool,
    /// The way of points into files.
    pub outbox: Outbox,
    ungathered: Cell<u64>,
    keeps: Cell<bool>,
    kept: RefCell<VecDeque<FileSession>>,
    /// When the last scan ended that each file shows first.
    shown: RefCell<HashMap<PathBuf, DateTime<FixedOffset>>>,
}

impl WriterContext {
    /// The context of this thread, made on first use.
    ///
    /// # Errors
    /// If the system has no threads for the encoding of chunks.
    pub fn here(observation: &Arc<Observation>) -> io::Result<Rc<WriterContext>> {
        CONTEXT.with(|context| {
            if let Some(context) = context.get() {
                return Ok(context.clone());
            }
            let made = Rc::new(WriterContext::new(observation)?);
            Ok(context.get_or_init(|| made).clone())
        })
    }

    fn new(_observation: &Arc<Observation>) -> io::Result<WriterContext> {
        let outbox = Outbox::new(Arc::new(Pool::start()?));
        Ok(WriterContext {
            files: FilePool::new(),
            outbox,
            ungathered: Cell::new(GATHERED),
            keeps: Cell::new(false),
            kept: RefCell::default(),
            shown: RefCell::default(),
        })
    }

    /// Opens a file, and keeps it open for the scans to come if that is wanted.
    pub fn open(&self, path: &Path) -> nexus::Result<FileSession> {
        let session = self.files.open(path)?;
        if self.keeps.get() {
            let mut kept = self.kept.borrow_mut();
            if !kept.iter().any(|other| other.path() == session.path()) {
                kept.push_back(self.files.open(path)?);
                if kept.len() > KEPT_FILES {
                    kept.pop_front();
                }
            }
        }
        Ok(session)
    }

    /// Whether a file shall show a scan that ended at this time first: it does unless it shows one
    /// that ended later. Scans that end at about the same time are finished here in any order.
    pub fn is_shown(&self, file: &Path, ended: DateTime<FixedOffset>) -> bool {
        let mut shown = self.shown.borrow_mut();
        if shown.get(file).is_some_and(|other| *other > ended) {
            return false;
        }
        if shown.len() >= REMEMBERED {
            shown.clear();
        }
        shown.insert(file.to_owned(), ended);
        true
    }

    /// Opens a file for a moment.
    pub fn open_once(&self, path: &Path) -> nexus::Result<FileSession> {
        self.files.open(path)
    }

    /// Room to gather chunks of `streams` streams.
    ///
    /// It never waits, because scans may last for hours: who comes late gets smaller chunks.
    pub fn share(self: &Rc<WriterContext>, streams: usize) -> ChunkMemory {
        let streams = streams.max(1) as u64;
        // Half of what is left at most, so that there is something for the next scan too.
        let chunk = (self.ungathered.get() / 2 / streams).clamp(SMALLEST_CHUNK, LARGEST_CHUNK);
        let chunk = 1 << chunk.ilog2();
        let taken = (chunk * streams).min(self.ungathered.get());
        self.ungathered.set(self.ungathered.get() - taken);
        ChunkMemory {
            context: self.clone(),
            chunk,
            taken,
        }
    }
}

/// A scan's part of the memory for chunks; given back when dropped.
pub(crate) struct ChunkMemory {
    context: Rc<WriterContext>,
    /// Bytes of one chunk.
    pub chunk: u64,
    taken: u64,
}

impl Drop for ChunkMemory {
    fn drop(&mut self) {
        self.context
            .ungathered
            .set(self.context.ungathered.get() + self.taken);
    }
}
