//! Distributes points to the chunks of a dataset.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::buffer::PointBuffer;
use crate::chunk::{Slab, point_size};
use crate::dataset::chunked_dataset::ChunkedDataset;
use crate::dataset::store_queue::{QueuedSlab, StoreMethod};

/// How long readers may wait for the points of a chunk with filters that is not full.
const MAX_DELAY: Duration = Duration::from_millis(500);

/// The ratio of the time for which the last chunk is not stored again to the time that storing it took.
const REST_RATIO: u32 = 10;

/// The time for which a chunk that is shown with filters is not stored again, because it takes another place each time.
const FILTERED_REST: Duration = Duration::from_secs(1);

/// How a chunk that is not full is stored for readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartForm {
    /// With filters if that saves space, which is not known yet.
    Undecided,
    Filtered,
    Plain,
}

/// A chunked dataset, and the state of its last chunk.
pub(super) struct Chunked {
    pub store: Rc<ChunkedDataset>,
    /// The number of points of the last chunk that are stored and not in the buffer.
    before: u64,
    /// The number of points of the buffer that readers can see.
    exposed: u64,
    /// The time when a chunk last became full, or when the first one was begun. It is `None` if readers
    /// have seen all points of the last chunk in an earlier dataset.
    filled: Option<Instant>,
    /// The time before which the last chunk is not stored again, because storing it takes long or much space.
    rests_until: Option<Instant>,
    /// How readers see the points of the last chunk, while it is not full.
    part: PartForm,
    /// The size of the last slab in bytes.
    last_slab_size: usize,
}

impl Chunked {
    pub fn new(store: Rc<ChunkedDataset>, filled: Option<Instant>) -> Chunked {
        Chunked {
            store,
            before: 0,
            exposed: 0,
            filled,
            rests_until: None,
            part: PartForm::Undecided,
            last_slab_size: 0,
        }
    }

    /// Returns the state for a dataset that an earlier writer left, whose last chunk has `partial` points.
    /// All of them are in the buffer, or none if points are written directly into the file.
    pub fn resumed(store: Rc<ChunkedDataset>, partial: u64, buffer: &mut PointBuffer) -> Chunked {
        let mut chunked = Chunked::new(store, Some(Instant::now()));
        if chunked.store.direct {
            chunked.before = partial;
        } else if partial > 0 {
            let (first, store) = (buffer.points - partial, &chunked.store);
            buffer.store_queue.with_resources(|resources| {
                store.remove_filters(first, &buffer.slab, &buffer.element, resources)
            });
            chunked.exposed = partial;
            chunked.part = PartForm::Plain;
        }
        if buffer.slab.bytes().len() as u64 > buffer.largest_slab() {
            chunked.post_part(buffer);
        }
        chunked
    }

    /// Moves the points that were added before the dataset was created to its chunks, if they fill one.
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

    /// Adds points to slabs, and posts each slab that is full.
    pub fn fill(
        &mut self,
        buffer: &mut PointBuffer,
        count: u64,
        mut data: Option<(&[u64], Bytes)>,
    ) {
        let length = self.store.format.shape.length;
        let mut left = count;
        while left > 0 {
            if data.is_none() {
                left -= self.skip_chunks(buffer, left);
            }
            let room = length - self.before - buffer.slab.rows();
            let rows = left.min(room);
            match &mut data {
                Some((shape, data)) => {
                    let size = point_size(shape, buffer.spec.item()) as usize * rows as usize;
                    let part = data.split_to(size);
                    self.push(buffer, rows, rows == length, shape, part);
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

    /// Passes over the whole chunks at the begin of `count` missing points, except the last one, which makes the
    /// dataset as long as it has to be. Returns the number of their points.
    ///
    /// Nothing is stored for them, so that a hole of millions of chunks takes no time.
    fn skip_chunks(&self, buffer: &mut PointBuffer, count: u64) -> u64 {
        let length = self.store.format.shape.length;
        let begins_chunk = self.before == 0 && buffer.slab.is_empty();
        if !self.store.sparse || !begins_chunk || length == 0 {
            return 0;
        }
        let skipped = (count / length).saturating_sub(1) * length;
        buffer.points += skipped;
        skipped
    }

    fn push(&self, buffer: &mut PointBuffer, rows: u64, whole: bool, shape: &[u64], data: Bytes) {
        if whole {
            buffer.slab = Slab::whole(rows, shape, data);
            return;
        }
        // Memory for a whole slab is reserved only if the stream has filled a slab before.
        if buffer.slab.is_empty() && self.last_slab_size > 0 {
            buffer.slab = Slab::recycled(
                buffer.store_queue.pool().slab_buffers(),
                self.last_slab_size,
            );
        }
        let chunk = buffer.policy.chunk as usize;
        // Only declared chunks make such a slab. If it grew step by step, it would leave holes in the heap as large as
        // itself; memory that is reserved and not used costs nothing.
        if buffer.slab.bytes().len() + data.len() > chunk {
            let point = data.len() as u64 / rows.max(1);
            let whole = point.saturating_mul(self.store.format.shape.length);
            let whole = whole.min(buffer.largest_slab());
            buffer.slab.reserve(usize::try_from(whole).unwrap_or(chunk));
        }
        let expected = self.last_slab_size.max(chunk);
        buffer.slab.push(rows, shape, &data, expected);
    }

    /// Makes the points of the last chunk visible to readers, unless it is better to wait.
    pub fn expose(&mut self, buffer: &mut PointBuffer) {
        let store = &self.store;
        // A chunk with filters that becomes full soon is not made visible before, because it would be
        // stored twice.
        let soon = store.filtered()
            && self
                .filled
                .is_some_and(|filled| filled.elapsed() < MAX_DELAY);
        // Rows become visible only after all rows before them are stored.
        if soon || store.pending.get() > 0 || buffer.slab.rows() == self.exposed {
            return;
        }
        if self.before > 0 || (store.direct && self.is_undivided(buffer)) {
            self.post_part(buffer);
        } else {
            self.show(buffer);
        }
    }

    /// Returns `true` if a chunk holds whole points, so that successive points are contiguous in it.
    fn is_undivided(&self, buffer: &PointBuffer) -> bool {
        let chunk = &self.store.format.shape.element;
        buffer
            .element
            .iter()
            .zip(chunk)
            .all(|(length, chunk)| length <= chunk)
    }

    /// Stores the last chunk although it is not full. Its points also stay in the buffer.
    fn show(&mut self, buffer: &PointBuffer) {
        let start = Instant::now();
        if self.rests_until.is_some_and(|until| start < until) {
            return;
        }
        self.part = self.store_part(buffer);
        self.exposed = buffer.slab.rows();
        // Declared chunks may be far larger than the points that they hold so far.
        if buffer.spec.declared().is_some() {
            let rest = match self.part {
                PartForm::Filtered => FILTERED_REST.max(start.elapsed() * REST_RATIO),
                PartForm::Plain | PartForm::Undecided => start.elapsed() * REST_RATIO,
            };
            self.rests_until = start.checked_add(rest);
        }
    }

    /// Stores the last chunk, and returns how that was done. Chunks whose shape was chosen so that they are full
    /// before readers have to see them are not stored with filters.
    fn store_part(&self, buffer: &PointBuffer) -> PartForm {
        let (slab, element) = (&buffer.slab, &buffer.element);
        let (store, first) = (&self.store, buffer.points - slab.rows());
        let may_filter = buffer.spec.declared().is_some() && store.filtered();
        buffer.store_queue.with_resources(|resources| {
            if may_filter
                && self.part != PartForm::Plain
                && store.store_compressed_part(first, slab, element, resources)
            {
                return PartForm::Filtered;
            }
            match self.part {
                PartForm::Filtered => store.remove_filters(first, slab, element, resources),
                PartForm::Plain | PartForm::Undecided => {
                    store.store_plain(first, slab, element, &mut resources.scratch);
                }
            }
            PartForm::Plain
        })
    }

    /// Posts the remaining points to the queue. They are compressed if the dataset has filters.
    pub fn finish(&mut self, buffer: &mut PointBuffer) {
        // The points of the last chunk that are stored already are not compressed.
        let stored = self.before > 0 && buffer.spec.declared().is_some();
        let is_shown = self.part == PartForm::Filtered && buffer.slab.rows() == self.exposed;
        let unfinished = self.store.filtered() && (stored || !(buffer.slab.is_empty() || is_shown));
        if buffer.slab.rows() > self.exposed || unfinished {
            self.post_slab(buffer);
        }
    }

    /// Posts the slab, which completes the current chunk.
    fn post_slab(&mut self, buffer: &mut PointBuffer) {
        self.last_slab_size = buffer.slab.bytes().len();
        if self.before > 0 {
            self.post_append(buffer, true);
        } else if self.store.filtered() {
            self.post(buffer, StoreMethod::Encode);
        } else {
            self.post(buffer, StoreMethod::Plain);
        }
        self.before = 0;
        self.part = PartForm::Undecided;
        self.filled = Some(Instant::now());
    }

    /// Posts the slab before the current chunk is complete.
    fn post_part(&mut self, buffer: &mut PointBuffer) {
        self.post_append(buffer, false);
    }

    fn post_append(&mut self, buffer: &mut PointBuffer, finish: bool) {
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

    /// Posts the slab to the queue. The next points belong to the same chunk.
    fn post(&mut self, buffer: &mut PointBuffer, method: impl FnOnce(Slab) -> StoreMethod) {
        let slab = std::mem::take(&mut buffer.slab);
        let rows = slab.rows();
        self.part = PartForm::Plain;
        self.before += rows;
        self.exposed = 0;
        buffer.store_queue.post(QueuedSlab {
            store: Rc::clone(&self.store),
            first: buffer.points - rows,
            rows,
            element: buffer.element.clone(),
            is_new: false,
            method: method(slab),
        });
    }
}
