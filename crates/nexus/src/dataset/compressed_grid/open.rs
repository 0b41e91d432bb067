//! Distributes points to the bands of a grid.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::chunk::{BandLayout, GridBand, Slab, point_size};
use crate::dataset::StoreQueue;
use crate::dataset::chunked_dataset::ChunkedDataset;
use crate::dataset::store_queue::{QueuedSlab, StoreMethod};

/// The shortest time for which chunks that are shown before they are complete are not stored again, because they take
/// another place each time.
const SHOWN_REST: Duration = Duration::from_secs(3);

/// The ratio of that time to the time that storing them took.
const REST_RATIO: u32 = 10;

/// The largest size of the points of a band that are in memory, in chunks of the policy. The chunks of a larger band are
/// stored each time that so many points have come, and read again when more come.
const MAX_BAND: u64 = 64;

/// The dataset of a grid, and its last band.
pub(super) struct OpenGrid {
    pub store: Rc<ChunkedDataset>,
    layout: BandLayout,
    store_queue: StoreQueue,
    /// The largest size of the points of a band in bytes.
    max_band: usize,
    band: GridBand,
    /// `true` if chunks that an earlier writer left may have values of points that are missing now.
    is_continued: bool,
    /// `true` if points of the last band are stored and not in memory any more.
    is_spilled: bool,
    /// The number of points of bands that are stored or in the queue.
    posted: u64,
    /// The number of points that readers can see, as far as it is known.
    visible: Cell<u64>,
    /// The time before which chunks that are not complete are not stored again.
    rests_until: Option<Instant>,
    /// The size of the last band in bytes.
    last_size: usize,
}

impl OpenGrid {
    /// Returns a grid without points. `chunk` is the size of a chunk of the policy.
    pub fn new(
        store: Rc<ChunkedDataset>,
        layout: BandLayout,
        store_queue: StoreQueue,
        chunk: u64,
        is_continued: bool,
    ) -> OpenGrid {
        OpenGrid {
            store,
            band: layout.begin(0),
            layout,
            store_queue,
            max_band: (MAX_BAND * chunk) as usize,
            is_continued,
            is_spilled: false,
            posted: 0,
            visible: Cell::new(0),
            rests_until: None,
            last_size: 0,
        }
    }

    /// Returns the number of points that readers can see after the next flush.
    pub fn visible(&self) -> u64 {
        if self.store.pending.get() == 0 && self.store.check().is_ok() {
            self.visible.set(self.visible.get().max(self.posted));
        }
        self.visible.get()
    }

    /// Adds points behind the first `first` ones, and posts each band that is complete. `row_shape` is the shape of a
    /// row of the grid.
    pub fn add(
        &mut self,
        first: u64,
        count: u64,
        mut data: Option<(&[u64], Bytes)>,
        row_shape: &[u64],
    ) {
        let (mut next, end) = (first, first + count);
        while next < end {
            if data.is_none() && self.band.slab.is_empty() {
                // Nothing is stored for the bands of a hole, so that it takes no time.
                let start = self.layout.band_of(end - 1).start;
                if start > next {
                    self.begin(start);
                    next = start;
                }
            }
            let room = self.band.end - next;
            let points = room.min(end - next);
            match &mut data {
                Some((shape, data)) => {
                    let size = point_size(shape, self.store.format.item) * points;
                    self.push(points, shape, data.split_to(size as usize));
                }
                None => self.band.slab.push_missing(points),
            }
            next += points;
            if points == room {
                self.post(row_shape);
            } else if self.band.slab.memory() > self.max_band {
                self.spill(row_shape);
            }
        }
    }

    fn push(&mut self, points: u64, shape: &[u64], data: Bytes) {
        let band = &mut self.band;
        if points == band.end - band.start {
            band.slab = Slab::whole(points, shape, data);
            return;
        }
        if band.slab.is_empty() && self.last_size > 0 {
            band.slab = Slab::recycled(self.store_queue.pool().slab_buffers(), self.last_size);
        }
        let expected = self.last_size.max(self.max_band);
        band.slab.push(points, shape, &data, expected);
    }

    /// Begins the band that has this point as its first one.
    fn begin(&mut self, point: u64) {
        self.band = self.layout.begin(point);
        self.is_spilled = false;
    }

    /// Returns the index of the point behind the last one.
    fn next(&self) -> u64 {
        self.band.start + self.band.slab.rows()
    }

    /// Returns the number of rows of the grid that have points.
    fn rows(&self) -> u64 {
        self.next().div_ceil(self.layout.row_points())
    }

    /// Returns `true` if elements of the chunks for which the band has no data may have values in the file.
    fn keeps_values(&self) -> bool {
        self.is_continued || self.is_spilled
    }

    /// Stores the points of the band so far.
    fn store_part(&mut self, row_shape: &[u64]) {
        let (rows, keep) = (self.rows(), self.keeps_values());
        self.store_queue.with_resources(|resources| {
            self.store
                .store_band(&self.band, rows, row_shape, keep, resources);
        });
        self.band.stored = self.band.slab.rows();
    }

    /// Stores the points of the band so far, and frees their memory.
    fn spill(&mut self, row_shape: &[u64]) {
        self.store_part(row_shape);
        let rows = self.band.slab.rows();
        let mut slab = Slab::new();
        slab.push_missing(rows);
        self.band.slab = slab;
        self.is_spilled = true;
    }

    /// Makes the points of the last band visible to readers, unless it is better to wait.
    pub fn expose(&mut self, row_shape: &[u64]) {
        let start = Instant::now();
        let rests = self.rests_until.is_some_and(|until| start < until);
        if rests || self.store.pending.get() > 0 || self.visible() == self.next() {
            return;
        }
        self.store_part(row_shape);
        if self.store.check().is_ok() {
            self.visible.set(self.next());
        }
        let rest = SHOWN_REST.max(start.elapsed() * REST_RATIO);
        self.rests_until = start.checked_add(rest);
    }

    /// Posts the band, whose last point is there.
    fn post(&mut self, row_shape: &[u64]) {
        self.last_size = self.band.slab.bytes().len();
        // What is stored already is noted before more is on its way.
        self.visible();
        let (rows, next) = (self.rows(), self.next());
        let keeps_values = self.keeps_values();
        if keeps_values && !self.store.is_covered(&self.band) {
            self.store_part(row_shape);
            self.posted = next;
            self.begin(next);
            return;
        }
        let band = std::mem::replace(&mut self.band, self.layout.begin(next));
        self.is_spilled = false;
        self.posted = next;
        self.store_queue.post(QueuedSlab {
            store: Rc::clone(&self.store),
            first: band.row,
            rows: rows - band.row,
            element: row_shape.to_vec(),
            is_new: !keeps_values && band.stored == 0,
            method: StoreMethod::EncodeBand(band),
        });
    }

    /// Posts the points of the last band that are not stored.
    pub fn finish(&mut self, row_shape: &[u64]) {
        if self.band.slab.rows() > self.band.stored {
            self.post(row_shape);
        }
    }
}
