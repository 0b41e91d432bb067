//! The queue of slabs that wait to be stored in files.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use hub::{Event, Reservation};
use observation::{Observation, SessionFigures, WrittenBytes};

use super::Error;
use super::chunked_dataset::ChunkedDataset;
use super::freed_space::FreedSpaceReserve;
use crate::chunk::{BufferPool, Encoder, EncoderPool, EncodingBatch, GridBand, Slab};

/// The queue of slabs of all datasets that one thread writes, in the order in which they were filled.
///
/// The queue passes slabs to the [`EncoderPool`] as far as its budget allows, and stores the encoded
/// chunks in the order of the slabs. Each task that waits for the queue also advances it, for the slabs
/// of all tasks; so no task waits for another task that does something else. Clones are handles of the
/// same queue.
#[derive(Clone)]
pub struct StoreQueue {
    state: Rc<QueueState>,
    written: WrittenBytes,
}

struct QueueState {
    pool: Arc<EncoderPool>,
    slabs: RefCell<VecDeque<QueuedSlab>>,
    /// The number of slabs at the head of the queue that the pool has taken or does not need to take.
    sent: Cell<usize>,
    /// The number of slabs posted since the queue was created. A task that waits for its slabs does not
    /// wait for slabs posted later, so that a busy dataset does not delay the others.
    posted: Cell<u64>,
    /// The event that the pool sends when the chunks of a slab are encoded.
    done: Event,
    resources: RefCell<StoreResources>,
}

/// The resources of the writing thread that all datasets share.
pub(super) struct StoreResources {
    /// Memory for one chunk.
    pub scratch: Vec<u8>,
    /// Space in files that is reserved for a while.
    pub freed_space: FreedSpaceReserve,
    encoder: Option<Encoder>,
    observation: Arc<Observation>,
}

/// A slab in the queue.
pub(super) struct QueuedSlab {
    pub store: Rc<ChunkedDataset>,
    /// The index of the first point.
    pub first: u64,
    /// The number of points.
    pub rows: u64,
    /// The largest length of a point up to this slab, in each dimension.
    pub element: Vec<u64>,
    /// `true` if none of its chunks was stored before.
    pub is_new: bool,
    pub method: StoreMethod,
}

/// How a slab is stored.
pub(super) enum StoreMethod {
    /// The pool encodes the chunks, and the queue stores them.
    Encode(Slab),
    /// The pool encodes the chunks of a grid, and the queue stores them.
    EncodeBand(GridBand),
    /// The queue stores the chunks without filters.
    Plain(Slab),
    /// The HDF5 library writes the points with its filters.
    Blocks(Slab),
    /// The queue adds the points to chunks that are partly stored.
    Append {
        slab: Slab,
        /// The number of points of the chunks that are stored already.
        before: u64,
        /// `true` if the chunks are complete with these points.
        finish: bool,
    },
    /// The pool has taken the slab.
    Sent(EncodingBatch, Option<Reservation>),
}

impl StoreQueue {
    /// Returns a queue that uses `pool`, for the thread that calls HDF5.
    pub fn new(pool: Arc<EncoderPool>) -> StoreQueue {
        StoreQueue {
            written: WrittenBytes::new(pool.observation(), None),
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

    /// Returns the encoder pool.
    pub fn pool(&self) -> &EncoderPool {
        &self.state.pool
    }

    /// Returns a handle of the same queue, whose datasets are counted as those of a session.
    pub fn of_session(&self, session: &Arc<SessionFigures>) -> StoreQueue {
        StoreQueue {
            state: self.state.clone(),
            written: WrittenBytes::new(self.observation(), Some(session)),
        }
    }

    /// Returns where datasets report what is written into them.
    pub fn written(&self) -> &WrittenBytes {
        &self.written
    }

    /// Returns the observation to which the thread reports.
    pub fn observation(&self) -> &Arc<Observation> {
        self.state.pool.observation()
    }

    /// Stores the chunks that are ready, and passes slabs to the pool as far as its budget allows,
    /// without waiting.
    ///
    /// An error affects one dataset, which returns it when it is used the next time.
    pub fn advance(&self) {
        self.state.resources.borrow_mut().freed_space.drop_expired();
        loop {
            while let Some(queued) = self.state.next_ready() {
                self.state.store(queued);
            }
            // A slab without data is ready as soon as it is passed to the pool.
            if !self.state.send() {
                return;
            }
        }
    }

    /// Waits until the pool has taken all slabs posted so far. This bounds the memory.
    pub async fn settle(&self) {
        let posted = self.state.posted.get();
        let taken = |state: &QueueState| state.unsent() <= state.posted.get() - posted;
        self.advance();
        if taken(&self.state) {
            return;
        }
        let stopwatch = self.observation().stopwatch();
        self.wait_until(taken).await;
        self.observation().chunks.waited(stopwatch);
    }

    /// Waits until all slabs posted so far are stored.
    pub async fn drain(&self) {
        let posted = self.state.posted.get();
        self.wait_until(|state| state.unstored() <= state.posted.get() - posted)
            .await;
    }

    /// Waits until all slabs of a dataset are stored.
    pub(super) async fn drain_one(&self, store: &ChunkedDataset) {
        self.wait_until(|_| store.pending.get() == 0).await;
    }

    /// Appends a slab.
    pub(super) fn post(&self, queued: QueuedSlab) {
        let pending = &queued.store.pending;
        pending.set(pending.get() + 1);
        self.state.posted.set(self.state.posted.get() + 1);
        self.state.slabs.borrow_mut().push_back(queued);
        self.advance();
    }

    /// Calls `work` with the resources of the writing thread.
    pub(super) fn with_resources<T>(&self, work: impl FnOnce(&mut StoreResources) -> T) -> T {
        work(&mut self.state.resources.borrow_mut())
    }

    async fn wait_until(&self, reached: impl Fn(&QueueState) -> bool) {
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

    /// Returns an encoder for chunks that the writing thread compresses itself, because it has to read
    /// their stored points first.
    pub fn encoder(&mut self) -> &mut Encoder {
        self.encoder
            .get_or_insert_with(|| Encoder::new(BufferPool::default(), self.observation.clone()))
    }
}

impl QueueState {
    /// Returns the number of slabs in the queue.
    fn unstored(&self) -> u64 {
        self.slabs.borrow().len() as u64
    }

    /// Returns the number of slabs that the pool has not taken yet.
    fn unsent(&self) -> u64 {
        self.unstored() - self.sent.get() as u64
    }

    /// Removes and returns the first slab if it can be stored.
    fn next_ready(&self) -> Option<QueuedSlab> {
        let mut slabs = self.slabs.borrow_mut();
        let ready = match &slabs.front()?.method {
            StoreMethod::Sent(batch, _) => batch.is_done(),
            StoreMethod::Plain(_) | StoreMethod::Blocks(_) | StoreMethod::Append { .. } => true,
            StoreMethod::Encode(_) | StoreMethod::EncodeBand(_) => false,
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
            is_new,
            method,
        } = queued;
        let resources = &mut *self.resources.borrow_mut();
        match method {
            StoreMethod::Sent(batch, reservation) => {
                match batch.take() {
                    Ok(chunks) => {
                        store.store_encoded(first, rows, &element, chunks, is_new, resources)
                    }
                    Err(source) => store.fail(Error::Compression {
                        path: store.path.clone(),
                        source,
                    }),
                }
                if let Some(reservation) = reservation {
                    self.pool.release(reservation);
                }
            }
            StoreMethod::Plain(slab) => {
                store.store_plain(first, &slab, &element, &mut resources.scratch)
            }
            StoreMethod::Blocks(slab) => store.write_blocks(first, &slab, &element, resources),
            StoreMethod::Append {
                slab,
                before,
                finish,
            } => store.store_part(first, before, &slab, &element, finish, resources),
            // Such a slab is not ready, so `next_ready` never returns it.
            StoreMethod::Encode(_) | StoreMethod::EncodeBand(_) => {}
        }
        store.pending.set(store.pending.get() - 1);
    }

    /// Passes slabs to the pool in order, as far as the budget allows. One slab may always exceed the
    /// budget, so that the queue advances even if other queues use up the budget. Returns `true` if a
    /// slab was passed or skipped.
    fn send(&self) -> bool {
        let mut slabs = self.slabs.borrow_mut();
        let before = self.sent.get();
        let mut sent = before;
        while sent < slabs.len() {
            let to_encode = match &slabs[sent].method {
                StoreMethod::Encode(slab) => Some(slab),
                StoreMethod::EncodeBand(band) => Some(&band.slab),
                _ => None,
            };
            if let Some(slab) = to_encode {
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
        let format = &self.store.format;
        // The points go to the pool, and none remain here.
        let without_points = StoreMethod::Plain(Slab::new());
        let batch = match std::mem::replace(&mut self.method, without_points) {
            StoreMethod::Encode(slab) => {
                let corners = self.store.corners_with_data(&slab, &self.element);
                pool.encode(slab, format, corners, done)
            }
            StoreMethod::EncodeBand(band) => {
                let corners = band.corners(format).into_iter().collect();
                pool.encode(band, format, corners, done)
            }
            other => {
                self.method = other;
                return;
            }
        };
        self.method = StoreMethod::Sent(batch, reservation);
    }
}
