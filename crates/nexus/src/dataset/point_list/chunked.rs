//! How points are dealt out to the chunks of a dataset.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::buffer::PointBuffer;
use crate::chunk::{Slab, point_size};
use crate::dataset::chunked_dataset::ChunkedDataset;
use crate::dataset::store_queue::{QueuedSlab, StoreMethod};

/// How long readers may wait for the points of a chunk that is not full.
const SOON: Duration = Duration::from_millis(500);

/// How many times longer the last chunk is left as it is than it took to show it.
const REST: u32 = 10;

/// A chunked dataset, and what is known of its last chunk.
pub(super) struct Chunked {
    pub store: Rc<ChunkedDataset>,
    /// Points of the last chunk that are stored already and not in the buffer.
    before: u64,
    /// Points of the buffer that readers can see.
    exposed: u64,
    /// When the last chunk was filled, or the first one begun; `None` if readers have seen all that
    /// is in it.
    filled: Option<Instant>,
    /// When the last chunk may be shown again, for the time that it takes.
    rests_until: Option<Instant>,
    /// Bytes of the last slab.
    usual: usize,
}

impl Chunked {
    pub fn new(store: Rc<ChunkedDataset>, filled: Option<Instant>) -> Chunked {
        Chunked {
            store,
            before: 0,
            exposed: 0,
            filled,
            rests_until: None,
            usual: 0,
        }
    }

    /// A dataset of an earlier writer, whose last chunk has `rest` points: all in the buffer, or
    /// none if points go right into the file.
    pub fn resumed(store: Rc<ChunkedDataset>, rest: u64, buffer: &mut PointBuffer) -> Chunked {
        let mut chunked = Chunked::new(store, Some(Instant::now()));
        if chunked.store.direct {
            chunked.before = rest;
        } else if rest > 0 {
            let (first, store) = (buffer.points - rest, &chunked.store);
            buffer.store_queue.with_resources(|resources| {
                store.unfold(first, &buffer.slab, &buffer.element, resources)
            });
            chunked.exposed = rest;
        }
        if buffer.slab.bytes().len() as u64 > buffer.largest_slab() {
            chunked.post_part(buffer);
        }
        chunked
    }

    /// Deals out the points that came before there was a dataset, if they fill a chunk.
    pub fn take_over(&mut self, buffer: &mut PointBuffer) {
        if buffer.slab.rows() < self.store.format.shape.length {
            return;
        }
        let slab = std::mem::take(&mut buffer.slab);
        buffer.points -= slab.rows();
        for (_, run, bytes) in slab.runs(buffer.spec.item()) {
            let data = run
                .shape
                .as_deref()
                .map(|shape| (shape, Bytes::copy_from_slice(bytes)));
            self.fill(buffer, run.rows, data);
        }
    }

    /// Deals points out to slabs.
    pub fn fill(
        &mut self,
        buffer: &mut PointBuffer,
        count: u64,
        mut data: Option<(&[u64], Bytes)>,
    ) {
        let length = self.store.format.shape.length;
        let mut left = count;
        while left > 0 {
            let room = length - self.before - buffer.slab.rows();
            let rows = left.min(room);
            match &mut data {
                Some((shape, data)) => {
                    let size = point_size(shape, buffer.spec.item()) as usize * rows as usize;
                    let part = data.split_to(size);
                    self.gather(buffer, rows, rows == length, shape, part);
                }
                None => buffer.slab.push_missing(rows),
            }
            buffer.points += rows;
            left -= rows;
            if rows == room {
                self.post_slab(buffer);
            } else if buffer.slab.bytes().len() as u64 > buffer.largest_slab() {
                self.post_part(buffer);
            }
        }
    }

    fn gather(&self, buffer: &mut PointBuffer, rows: u64, whole: bool, shape: &[u64], data: Bytes) {
        if whole {
            buffer.slab = Slab::whole(rows, shape, data);
            return;
        }
        // Memory is taken in one piece only by streams that have filled it before.
        if buffer.slab.is_empty() && self.usual > 0 {
            buffer.slab = Slab::recycled(buffer.store_queue.pool().buffers(), self.usual);
        }
        let expected = self.usual.max(buffer.policy.chunk as usize);
        buffer.slab.push(rows, shape, &data, expected);
    }

    /// Lets readers see the points of the last chunk, unless it is better to wait.
    pub fn expose(&mut self, buffer: &mut PointBuffer) {
        let store = &self.store;
        // A chunk that will be compressed is better not shown before it is full, if that is soon.
        let soon = store.filtered() && self.filled.is_some_and(|filled| filled.elapsed() < SOON);
        // Rows are only shown behind rows that are stored.
        if soon || store.pending.get() > 0 || buffer.slab.rows() == self.exposed {
            return;
        }
        if self.before > 0 || (store.direct && self.is_undivided(buffer)) {
            self.post_part(buffer);
        } else {
            self.show(buffer);
        }
    }

    /// Whether a chunk has whole points, so that some of them are one piece of it.
    fn is_undivided(&self, buffer: &PointBuffer) -> bool {
        let chunk = &self.store.format.shape.element;
        buffer
            .element
            .iter()
            .zip(chunk)
            .all(|(length, chunk)| length <= chunk)
    }

    /// Stores the last chunk as it is. It stays in memory too.
    fn show(&mut self, buffer: &PointBuffer) {
        let start = Instant::now();
        if self.rests_until.is_some_and(|until| start < until) {
            return;
        }
        let (slab, element) = (&buffer.slab, &buffer.element);
        let (store, first) = (&self.store, buffer.points - slab.rows());
        buffer
            .store_queue
            .with_resources(|resources| store.raw(first, slab, element, &mut resources.scratch));
        self.exposed = slab.rows();
        // Chunks that were declared may be far larger than what has come of them.
        if buffer.spec.declared().is_some() {
            self.rests_until = start.checked_add(start.elapsed() * REST);
        }
    }

    /// Sends what is left on its way, compressed if the dataset is.
    pub fn finish(&mut self, buffer: &mut PointBuffer) {
        // What readers saw of the last chunk was not compressed, nor what was stored of it before.
        let stored = self.before > 0 && buffer.spec.declared().is_some();
        let unfinished = self.store.filtered() && (stored || !buffer.slab.is_empty());
        if buffer.slab.rows() > self.exposed || unfinished {
            self.post_slab(buffer);
        }
    }

    /// Sends the slab on its way; with it the present chunk is complete.
    fn post_slab(&mut self, buffer: &mut PointBuffer) {
        self.usual = buffer.slab.bytes().len();
        if self.before > 0 {
            self.post_rest(buffer, true);
        } else if self.store.filtered() {
            self.post(buffer, StoreMethod::Encode);
        } else {
            self.post(buffer, StoreMethod::Plain);
        }
        self.before = 0;
        self.filled = Some(Instant::now());
    }

    /// Sends the slab on its way before the chunk is complete.
    fn post_part(&mut self, buffer: &mut PointBuffer) {
        self.post_rest(buffer, false);
    }

    fn post_rest(&mut self, buffer: &mut PointBuffer, finish: bool) {
        let before = self.before;
        if buffer.spec.declared().is_some() && self.store.filtered() {
            self.post(buffer, |slab| StoreMethod::Append {
                slab,
                before,
                finish,
            });
        } else {
            self.post(buffer, StoreMethod::Blocks);
        }
    }

    /// Sends the slab on its way; what follows belongs to the same chunk.
    fn post(&mut self, buffer: &mut PointBuffer, method: impl FnOnce(Slab) -> StoreMethod) {
        let slab = std::mem::take(&mut buffer.slab);
        let rows = slab.rows();
        self.before += rows;
        self.exposed = 0;
        buffer.store_queue.post(QueuedSlab {
            store: Rc::clone(&self.store),
            first: buffer.points - rows,
            rows,
            element: buffer.element.clone(),
            method: method(slab),
        });
    }
}
