//! The writer thread, in which the consumers of all scans run.
//!
//! [`WriterThread`] is the handle in the main thread. In the thread itself all consumers share one
//! [`WriterContext`]: the open files, the workers that encode chunks, and the memory for chunks.

mod chunk_memory;
mod descriptors;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset};
use hub::{Budget, CallError, StopError, Thread};
use nexus::chunk::EncoderPool;
use nexus::dataset::StoreQueue;
use nexus::file::{FileLocking, FilePool, FileSession, FileSettings, KeptFile};
use observation::{Observation, SILENCE_LIMIT_IN_CALLS};
use redis_client::ReplyMemory;
use tracing::warn;

use crate::heartbeat;
use crate::inspection::{InspectionProgram, Inspector};
use crate::memory::MemoryBudget;
use chunk_memory::ChunkMemory;
pub(crate) use chunk_memory::ChunkShare;
pub use descriptors::scans_with_descriptors;

/// Largest number of files that are kept open between scans.
const MAX_KEPT_FILES: usize = 8;

/// How long a file is kept open after a scan has opened it. Others wait for its lock meanwhile.
const KEEP_TIME: Duration = Duration::from_secs(1);

/// Largest number of files whose default scan is remembered.
const MAX_SHOWN_FILES: usize = 1000;
/// Largest number of scans that are saved at the same time. BLISS never runs so many, but a writer that was
/// away may have missed more. There are fewer if the process may not open enough files.
const MAX_RUNNING: usize = 100;
/// How long to wait until the thread has closed its files and ended.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// The one thread that writes files.
pub struct WriterThread {
    thread: Thread<()>,
    memory: MemoryBudget,
    /// The bytes in the queues between all listeners and all consumers.
    budget: Budget,
    reply_memory: ReplyMemory,
    places: Budget,
    observation: Arc<Observation>,
    /// The program that looks at files.
    inspection: Mutex<Option<InspectionProgram>>,
}

impl WriterThread {
    /// Starts the thread, with the usual memory budget. Everything that writes files with it reports to `observation`.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start(observation: Arc<Observation>) -> io::Result<WriterThread> {
        WriterThread::start_within(MemoryBudget::default(), observation)
    }

    /// Starts the thread. The data of all scans that it writes share this memory budget.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start_within(
        memory: MemoryBudget,
        observation: Arc<Observation>,
    ) -> io::Result<WriterThread> {
        observation.points.limit.set(memory.queue() as f64);
        let queue = usize::try_from(memory.queue()).unwrap_or(usize::MAX);
        Ok(WriterThread {
            thread: Thread::serving("writer")?,
            memory,
            budget: Budget::new(queue),
            reply_memory: memory.reply_memory(),
            places: Budget::new(MAX_RUNNING.min(scans_with_descriptors())),
            observation,
            inspection: Mutex::default(),
        })
    }

    /// Returns the observation to which the thread reports.
    pub fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// Keeps files open for a moment after the last scan that needed them.
    ///
    /// Opening a file takes time and adds some kilobytes to it (HDF5 does not reuse the rest of its heaps), so
    /// this suits many scans that are known beforehand. Only files with a lock are kept: the claim of a file may
    /// be released before it is closed, and then nothing else keeps other writers from it.
    ///
    /// # Errors
    /// If the thread has ended.
    pub async fn keep_files(&self) -> Result<(), CallError> {
        self.on_context(|context| context.keeps_files.set(true))
            .await
    }

    /// Sets how files are written that are opened from now on.
    ///
    /// # Errors
    /// If the thread has ended.
    pub async fn set_files(&self, settings: FileSettings) -> Result<(), CallError> {
        self.on_context(move |context| context.files.set(settings))
            .await
    }

    /// Sets the program that looks at the files of detectors for scans that begin from now on. Without it, their
    /// frames count as missing: nobody has seen them.
    ///
    /// # Errors
    /// If the thread has ended.
    pub async fn inspect_with(&self, program: InspectionProgram) -> Result<(), CallError> {
        self.note_inspection(&program);
        self.on_context(|context| {
            context.inspector.replace(Inspector::new(Some(program)));
        })
        .await
    }

    /// Closes the files that were kept open and ends the thread. Must be called after all scans have ended.
    ///
    /// # Errors
    /// If the thread does not end in time, or has panicked.
    pub async fn stop(&self) -> Result<(), StopError> {
        // Files that were dropped with the thread-local context would be closed after the join.
        let closed = self
            .on_context(|context| context.kept_files.borrow_mut().clear())
            .await;
        if let Err(error) = closed {
            warn!("cannot close the files that were kept open: {error}");
        }
        self.thread.stop(Some(STOP_TIMEOUT)).await
    }

    async fn on_context(
        &self,
        work: impl FnOnce(&WriterContext) + Send + 'static,
    ) -> Result<(), CallError> {
        let (memory, observation) = (self.memory, self.observation.clone());
        let work = move || WriterContext::here(memory, &observation).map(|context| work(&context));
        if let Err(reason) = self.thread.apply(work).await? {
            warn!("cannot set up the writer thread: {reason}");
        }
        Ok(())
    }

    fn note_inspection(&self, program: &InspectionProgram) {
        let inspection = self.inspection.lock();
        *inspection.unwrap_or_else(PoisonError::into_inner) = Some(program.clone());
    }

    /// Returns the program that looks at files, if there is one.
    pub(crate) fn inspection(&self) -> Option<InspectionProgram> {
        let inspection = self.inspection.lock();
        inspection.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn thread(&self) -> &Thread<()> {
        &self.thread
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Returns the memory budget of all scans.
    pub(crate) fn memory(&self) -> MemoryBudget {
        self.memory
    }

    /// Returns the memory for replies, which the readers of all scans share.
    pub(crate) fn reply_memory(&self) -> &ReplyMemory {
        &self.reply_memory
    }

    /// Returns the places for scans that are saved at the same time: one unit each.
    pub(crate) fn places(&self) -> &Budget {
        &self.places
    }
}

thread_local! {
    static CONTEXT: OnceCell<Rc<WriterContext>> = const { OnceCell::new() };
}

/// The state that the consumers of one thread share.
pub(crate) struct WriterContext {
    files: FilePool,
    /// Encodes chunks and writes them into files.
    pub store_queue: StoreQueue,
    inspector: RefCell<Rc<Inspector>>,
    chunk_memory: Rc<ChunkMemory>,
    keeps_files: Cell<bool>,
    kept_files: RefCell<VecDeque<UnusedFile>>,
    /// End time of the scan that is the default plot of each file.
    shown_scans: RefCell<HashMap<PathBuf, DateTime<FixedOffset>>>,
}

/// A file that is open for the next scan.
struct UnusedFile {
    file: KeptFile,
    /// When a scan last opened it.
    used: Instant,
}

impl WriterContext {
    /// Returns the context of this thread. The first call creates it.
    ///
    /// # Errors
    /// If the system cannot start the threads that encode chunks.
    pub fn here(
        memory: MemoryBudget,
        observation: &Arc<Observation>,
    ) -> io::Result<Rc<WriterContext>> {
        CONTEXT.with(|context| {
            if let Some(context) = context.get() {
                return Ok(context.clone());
            }
            let made = Rc::new(WriterContext::new(memory, observation)?);
            Ok(context.get_or_init(|| made).clone())
        })
    }

    fn new(memory: MemoryBudget, observation: &Arc<Observation>) -> io::Result<WriterContext> {
        let encoding = usize::try_from(memory.encoding()).unwrap_or(usize::MAX);
        let pool = EncoderPool::start(encoding, observation.clone())?;
        heartbeat::spawn(observation, "writer", SILENCE_LIMIT_IN_CALLS).detach();
        let store_queue = StoreQueue::new(Arc::new(pool));
        Ok(WriterContext {
            files: FilePool::new(observation.clone()),
            store_queue,
            inspector: RefCell::new(Inspector::new(None)),
            chunk_memory: ChunkMemory::new(memory.chunks()),
            keeps_files: Cell::new(false),
            kept_files: RefCell::default(),
            shown_scans: RefCell::default(),
        })
    }

    /// Returns what looks at the files of detectors.
    pub fn inspector(&self) -> Rc<Inspector> {
        self.inspector.borrow().clone()
    }

    /// Returns whether files are locked.
    pub fn locking(&self) -> FileLocking {
        self.files.locking()
    }

    /// Opens a file of a scan with this choice of locking, unless it is open already. It stays open for a moment
    /// after the scan if that was [asked for](WriterThread::keep_files).
    pub fn open(&self, path: &Path, locking: FileLocking) -> nexus::Result<FileSession> {
        self.close_unused_files();
        let session = self.files.open_with(path, locking)?;
        if self.keeps_files.get() && session.is_locked() {
            let mut kept = self.kept_files.borrow_mut();
            kept.retain(|unused| unused.file.path() != session.path());
            kept.push_back(UnusedFile {
                file: session.keep(),
                used: Instant::now(),
            });
            if kept.len() > MAX_KEPT_FILES {
                kept.pop_front();
            }
        }
        Ok(session)
    }

    /// Closes the files that were kept open for long enough, and those that must not be written any more.
    pub fn close_unused_files(&self) {
        let mut kept = self.kept_files.borrow_mut();
        kept.retain(|unused| {
            unused.used.elapsed() < KEEP_TIME && unused.file.interference().is_none()
        });
    }

    /// Waits until a file can be opened that another thread closes for this one.
    pub async fn closed(&self, path: &Path) {
        self.files.closed(path).await;
    }

    /// Opens a file that is closed as soon as the session is dropped.
    pub fn open_once(&self, path: &Path, locking: FileLocking) -> nexus::Result<FileSession> {
        self.files.open_with(path, locking)
    }

    /// Makes a scan that ended at this time the default of a file, unless the default has ended later.
    /// Returns `true` if the scan is the default. Scans may be finished in another order than they ended.
    pub fn claim_default(&self, file: &Path, ended: DateTime<FixedOffset>) -> bool {
        let mut shown = self.shown_scans.borrow_mut();
        if shown.get(file).is_some_and(|other| *other > ended) {
            return false;
        }
        if shown.len() >= MAX_SHOWN_FILES {
            shown.clear();
        }
        shown.insert(file.to_owned(), ended);
        true
    }

    /// Reserves memory for the chunks of `streams` streams.
    pub fn share(&self, streams: usize) -> ChunkShare {
        ChunkMemory::share(&self.chunk_memory, streams)
    }
}
