//! The line of slabs on their way into files.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use hub::{Event, Reservation};
use observation::Observation;

use super::Error;
use super::freed_space::FreedSpaceReserve;
use super::store::Store;
use crate::chunk::{Batch, Encoder, Pool, Recycler, Slab};

/// Slabs of all datasets that one thread writes, in the order in which they were filled.
///
/// They go through the compressing threads as far as the budget of the [`Pool`] allows, and come
/// back to be stored in the same order. Any greenlet of the thread that waits moves the whole line
/// on, so no task waits for another one that is idle. Clones are handles of the same queue.
#[derive(Clone)]
pub struct Outbox {
    line: Rc<Line>,
}

struct Line {
    pool: Arc<Pool>,
    parcels: RefCell<VecDeque<Parcel>>,
    /// Parcels at the head of the queue that wait for nothing, or for the pool only.
    sent: Cell<usize>,
    /// Parcels that were ever posted. A task that waits for those up to now does not wait for later ones:
    /// a busy dataset must not keep the others waiting.
    posted: Cell<u64>,
    /// Sent by the pool.
    done: Event,
    tools: RefCell<Tools>,
}

/// What the thread that writes has for all datasets.
pub(super) struct Tools {
    /// Memory for one chunk.
    pub scratch: Vec<u8>,
    /// Places in files that are not used for a while.
    pub freed_space: FreedSpaceReserve,
    encoder: Option<Encoder>,
    observation: Arc<Observation>,
}

/// One slab.
pub(super) struct Parcel {
    pub store: Rc<Store>,
    /// Index of the first point.
    pub first: u64,
    /// Number of points.
    pub rows: u64,
    /// Largest shape of a point up to here.
    pub element: Vec<u64>,
    pub work: Work,
}

/// What is to be done with a slab.
pub(super) enum Work {
    /// Compress its chunks.
    Encode(Slab),
    /// Store its chunks as they are.
    Raw(Slab),
    /// Store its points through the library.
    Blocks(Slab),
    /// Add its points to chunks of which some are stored; whether these are the last ones.
    Part {
        slab: Slab,
        /// Points of the chunks that are stored.
        before: u64,
        /// Whether nothing more comes.
        finish: bool,
    },
    /// The pool has it.
    Sent(Batch, Option<Reservation>),
}

impl Outbox {
    /// A line to a pool, for the thread that calls HDF5.
    pub fn new(pool: Arc<Pool>) -> Outbox {
        Outbox {
            line: Rc::new(Line {
                tools: RefCell::new(Tools::new(&pool)),
                pool,
                parcels: RefCell::default(),
                sent: Cell::new(0),
                posted: Cell::new(0),
                done: Event::new(),
            }),
        }
    }

    /// The compressing threads.
    pub fn pool(&self) -> &Pool {
        &self.line.pool
    }

    /// Where the thread reports what it does.
    pub(super) fn observation(&self) -> &Arc<Observation> {
        self.line.pool.observation()
    }

    /// Stores what is ready and hands the pool what it has room for, without waiting.
    ///
    /// A failure concerns one dataset, which reports it when it is used the next time.
    pub fn advance(&self) {
        self.line.tools.borrow_mut().freed_space.drop_expired();
        loop {
            while let Some(parcel) = self.line.next_ready() {
                self.line.store(parcel);
            }
            // A slab without any data is ready as soon as it is sent.
            if !self.line.send() {
                return;
            }
        }
    }

    /// Waits until the pool has taken everything posted up to now, so that what is in memory is
    /// bounded.
    pub async fn settle(&self) {
        let posted = self.line.posted.get();
        let taken = |line: &Line| line.unsent() <= line.posted.get() - posted;
        self.advance();
        if taken(&self.line) {
            return;
        }
        let stopwatch = self.observation().stopwatch();
        self.until(taken).await;
        self.observation().chunks.waited(stopwatch);
    }

    /// Waits until everything posted up to now is stored.
    pub async fn drain(&self) {
        let posted = self.line.posted.get();
        self.until(|line| line.unstored() <= line.posted.get() - posted)
            .await;
    }

    /// Waits until a dataset has got everything.
    pub(super) async fn drain_one(&self, store: &Store) {
        self.until(|_| store.pending.get() == 0).await;
    }

    /// Appends to the line.
    pub(super) fn post(&self, parcel: Parcel) {
        let pending = &parcel.store.pending;
        pending.set(pending.get() + 1);
        self.line.posted.set(self.line.posted.get() + 1);
        self.line.parcels.borrow_mut().push_back(parcel);
        self.advance();
    }

    /// Lends what the thread has.
    pub(super) fn with_tools<T>(&self, work: impl FnOnce(&mut Tools) -> T) -> T {
        work(&mut self.line.tools.borrow_mut())
    }

    async fn until(&self, reached: impl Fn(&Line) -> bool) {
        loop {
            self.line.done.clear();
            self.advance();
            if reached(&self.line) {
                return;
            }
            self.line.done.wait().await;
        }
    }
}

impl Tools {
    fn new(pool: &Pool) -> Tools {
        Tools {
            scratch: Vec::new(),
            freed_space: FreedSpaceReserve::default(),
            encoder: None,
            observation: pool.observation().clone(),
        }
    }

    /// Compresses chunks that are not worth the way to the pool.
    pub fn encoder(&mut self) -> &mut Encoder {
        self.encoder
            .get_or_insert_with(|| Encoder::new(Recycler::default(), self.observation.clone()))
    }
}

impl Line {
    /// Parcels in the line.
    fn unstored(&self) -> u64 {
        self.parcels.borrow().len() as u64
    }

    /// Parcels that the pool has not taken yet.
    fn unsent(&self) -> u64 {
        self.unstored() - self.sent.get() as u64
    }

    /// Takes the head of the line if it can be stored.
    fn next_ready(&self) -> Option<Parcel> {
        let mut parcels = self.parcels.borrow_mut();
        let ready = match &parcels.front()?.work {
            Work::Sent(batch, _) => batch.is_done(),
            Work::Raw(_) | Work::Blocks(_) | Work::Part { .. } => true,
            Work::Encode(_) => false,
        };
        if !ready {
            return None;
        }
        self.sent.set(self.sent.get().saturating_sub(1));
        parcels.pop_front()
    }

    fn store(&self, parcel: Parcel) {
        let Parcel {
            store,
            first,
            rows,
            element,
            work,
        } = parcel;
        let tools = &mut *self.tools.borrow_mut();
        match work {
            Work::Sent(batch, reservation) => {
                match batch.take() {
                    Ok(chunks) => store.chunks(first, rows, &element, &chunks, tools),
                    Err(source) => store.fail(Error::Compression {
                        path: store.path.clone(),
                        source,
                    }),
                }
                if let Some(reservation) = reservation {
                    self.pool.release(reservation);
                }
            }
            Work::Raw(slab) => store.raw(first, &slab, &element, &mut tools.scratch),
            Work::Blocks(slab) => store.blocks(first, &slab, &element, tools),
            Work::Part {
                slab,
                before,
                finish,
            } => store.part(first, before, &slab, &element, finish, tools),
            // Not ready, so never taken from the line.
            Work::Encode(_) => {}
        }
        store.pending.set(store.pending.get() - 1);
    }

    /// Hands slabs to the pool in their order, as far as the budget allows; one always passes, so
    /// that the queue moves whatever others use of the pool. Returns `true` if there was any.
    fn send(&self) -> bool {
        let mut parcels = self.parcels.borrow_mut();
        let before = self.sent.get();
        let mut sent = before;
        while sent < parcels.len() {
            if let Work::Encode(slab) = &parcels[sent].work {
                let reservation = self.pool.try_reserve(slab.bytes().len());
                let working = |parcel: &Parcel| matches!(parcel.work, Work::Sent(..));
                if reservation.is_none() && parcels.range(..sent).any(working) {
                    break;
                }
                parcels[sent].hand_over(&self.pool, reservation, &self.done);
            }
            sent += 1;
        }
        self.sent.set(sent);
        sent > before
    }
}

impl Parcel {
    fn hand_over(&mut self, pool: &Pool, reservation: Option<Reservation>, done: &Event) {
        if let Work::Encode(slab) = &mut self.work {
            let slab = std::mem::take(slab);
            let corners = self.store.corners(&slab, &self.element);
            let batch = pool.encode(slab, &self.store.recipe, corners, done);
            self.work = Work::Sent(batch, reservation);
        }
    }
}
