//! The queue of slabs on their way into files.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use hub::{Event, Reservation};
use observation::Observation;

use super::Error;
use super::chunked_dataset::ChunkedDataset;
use super::freed_space::FreedSpaceReserve;
use crate::chunk::{BufferPool, Encoder, EncoderPool, EncodingBatch, Slab};

/// Slabs of all datasets that one thread writes, in the order in which they were filled.
///
/// They go through the compressing threads as far as the budget of the [`EncoderPool`] allows, and come
/// back to be stored in the same order. Any greenlet of the thread that waits moves the whole queue
/// on, so no task waits for another one that is idle. Clones are handles of the same queue.
#[derive(Clone)]
pub struct StoreQueue {
    state: Rc<QueueState>,
}

struct QueueState {
    pool: Arc<EncoderPool>,
    slabs: RefCell<VecDeque<QueuedSlab>>,
    /// Slabs at the head of the queue that wait for nothing, or for the pool only.
    sent: Cell<usize>,
    /// Slabs that were ever posted. A task that waits for those up to now does not wait for later ones:
    /// a busy dataset must not keep the others waiting.
    posted: Cell<u64>,
    /// Sent by the pool.
    done: Event,
    resources: RefCell<StoreResources>,
}

/// What the thread that writes has for all datasets.
pub(super) struct StoreResources {
    /// Memory for one chunk.
    pub scratch: Vec<u8>,
    /// Places in files that are not used for a while.
    pub freed_space: FreedSpaceReserve,
    encoder: Option<Encoder>,
    observation: Arc<Observation>,
}

/// One slab.
pub(super) struct QueuedSlab {
    pub store: Rc<ChunkedDataset>,
    /// Index of the first point.
    pub first: u64,
    /// Number of points.
    pub rows: u64,
    /// Largest shape of a point up to here.
    pub element: Vec<u64>,
    pub method: StoreMethod,
}

/// What is to be done with a slab.
pub(super) enum StoreMethod {
    /// Compress its chunks.
    Encode(Slab),
    /// Store its chunks as they are.
    Plain(Slab),
    /// Store its points through the library.
    Blocks(Slab),
    /// Add its points to chunks of which some are stored; whether these are the last ones.
    Append {
        slab: Slab,
        /// Points of the chunks that are stored.
        before: u64,
        /// Whether nothing more comes.
        finish: bool,
    },
    /// The pool has it.
    Sent(EncodingBatch, Option<Reservation>),
}

impl StoreQueue {
    /// A queue in front of a pool, for the thread that calls HDF5.
    pub fn new(pool: Arc<EncoderPool>) -> StoreQueue {
        StoreQueue {
            state: Rc::new(QueueState {
                resources: RefCell::new(StoreResources::new(&pool)),
                pool,
                slabs: RefCell::default(),
                sent: Cell::new(0),
                posted: Cell::new(0),
                done: Event::new(),
            }),
        }
    }

    /// The compressing threads.
    pub fn pool(&self) -> &EncoderPool {
        &self.state.pool
    }

    /// Where the thread reports what it does.
    pub(super) fn observation(&self) -> &Arc<Observation> {
        self.state.pool.observation()
    }

    /// Stores what is ready and hands the pool what it has room for, without waiting.
    ///
    /// A failure concerns one dataset, which reports it when it is used the next time.
    pub fn advance(&self) {
        self.state.resources.borrow_mut().freed_space.drop_expired();
        loop {
            while let Some(queued) = self.state.next_ready() {
                self.state.store(queued);
            }
            // A slab without any data is ready as soon as it is sent.
            if !self.state.send() {
                return;
            }
        }
    }

    /// Waits until the pool has taken everything posted up to now, so that what is in memory is
    /// bounded.
    pub async fn settle(&self) {
        let posted = self.state.posted.get();
        let taken = |state: &QueueState| state.unsent() <= state.posted.get() - posted;
        self.advance();
        if taken(&self.state) {
            return;
        }
        let stopwatch = self.observation().stopwatch();
        self.until(taken).await;
        self.observation().chunks.waited(stopwatch);
    }

    /// Waits until everything posted up to now is stored.
    pub async fn drain(&self) {
        let posted = self.state.posted.get();
        self.until(|state| state.unstored() <= state.posted.get() - posted)
            .await;
    }

    /// Waits until a dataset has got everything.
    pub(super) async fn drain_one(&self, store: &ChunkedDataset) {
        self.until(|_| store.pending.get() == 0).await;
    }

    /// Appends a slab.
    pub(super) fn post(&self, queued: QueuedSlab) {
        let pending = &queued.store.pending;
        pending.set(pending.get() + 1);
        self.state.posted.set(self.state.posted.get() + 1);
        self.state.slabs.borrow_mut().push_back(queued);
        self.advance();
    }

    /// Lends what the thread has.
    pub(super) fn with_resources<T>(&self, work: impl FnOnce(&mut StoreResources) -> T) -> T {
        work(&mut self.state.resources.borrow_mut())
    }

    async fn until(&self, reached: impl Fn(&QueueState) -> bool) {
        loop {
            self.state.done.clear();
            self.advance();
            if reached(&self.state) {
                return;
            }
            self.state.done.wait().await;
        }
    }
}

impl StoreResources {
    fn new(pool: &EncoderPool) -> StoreResources {
        StoreResources {
            scratch: Vec::new(),
            freed_space: FreedSpaceReserve::default(),
            encoder: None,
            observation: pool.observation().clone(),
        }
    }

    /// Compresses chunks that are not worth the way to the pool.
    pub fn encoder(&mut self) -> &mut Encoder {
        self.encoder
            .get_or_insert_with(|| Encoder::new(BufferPool::default(), self.observation.clone()))
    }
}

impl QueueState {
    /// Slabs in the queue.
    fn unstored(&self) -> u64 {
        self.slabs.borrow().len() as u64
    }

    /// Slabs that the pool has not taken yet.
    fn unsent(&self) -> u64 {
        self.unstored() - self.sent.get() as u64
    }

    /// Takes the first slab if it can be stored.
    fn next_ready(&self) -> Option<QueuedSlab> {
        let mut slabs = self.slabs.borrow_mut();
        let ready = match &slabs.front()?.method {
            StoreMethod::Sent(batch, _) => batch.is_done(),
            StoreMethod::Plain(_) | StoreMethod::Blocks(_) | StoreMethod::Append { .. } => true,
            StoreMethod::Encode(_) => false,
        };
        if !ready {
            return None;
        }
        self.sent.set(self.sent.get().saturating_sub(1));
        slabs.pop_front()
    }

    fn store(&self, queued: QueuedSlab) {
        let QueuedSlab {
            store,
            first,
            rows,
            element,
            method,
        } = queued;
        let resources = &mut *self.resources.borrow_mut();
        match method {
            StoreMethod::Sent(batch, reservation) => {
                match batch.take() {
                    Ok(chunks) => store.chunks(first, rows, &element, &chunks, resources),
                    Err(source) => store.fail(Error::Compression {
                        path: store.path.clone(),
                        source,
                    }),
                }
                if let Some(reservation) = reservation {
                    self.pool.release(reservation);
                }
            }
            StoreMethod::Plain(slab) => store.raw(first, &slab, &element, &mut resources.scratch),
            StoreMethod::Blocks(slab) => store.blocks(first, &slab, &element, resources),
            StoreMethod::Append {
                slab,
                before,
                finish,
            } => store.part(first, before, &slab, &element, finish, resources),
            // Not ready, so never taken from the queue.
            StoreMethod::Encode(_) => {}
        }
        store.pending.set(store.pending.get() - 1);
    }

    /// Hands slabs to the pool in their order, as far as the budget allows; one always passes, so
    /// that the queue moves whatever others use of the pool. Returns `true` if there was any.
    fn send(&self) -> bool {
        let mut slabs = self.slabs.borrow_mut();
        let before = self.sent.get();
        let mut sent = before;
        while sent < slabs.len() {
            if let StoreMethod::Encode(slab) = &slabs[sent].method {
                let reservation = self.pool.try_reserve(slab.bytes().len());
                let working = |queued: &QueuedSlab| matches!(queued.method, StoreMethod::Sent(..));
                if reservation.is_none() && slabs.range(..sent).any(working) {
                    break;
                }
                slabs[sent].hand_over(&self.pool, reservation, &self.done);
            }
            sent += 1;
        }
        self.sent.set(sent);
        sent > before
    }
}

impl QueuedSlab {
    fn hand_over(&mut self, pool: &EncoderPool, reservation: Option<Reservation>, done: &Event) {
        if let StoreMethod::Encode(slab) = &mut self.method {
            let slab = std::mem::take(slab);
            let corners = self.store.corners(&slab, &self.element);
            let batch = pool.encode(slab, &self.store.format, corners, done);
            self.method = StoreMethod::Sent(batch, reservation);
        }
    }
}
