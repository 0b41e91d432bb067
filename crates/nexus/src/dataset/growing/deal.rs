//! How points are dealt out to slabs, and slabs sent on their way.

use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;

use super::Growing;
use crate::chunk::{ChunkShape, MAX_CHUNK, Scheme, Slab, point_size, sealed_chunk};
use crate::dataset::Error;
use crate::dataset::outbox::{Parcel, Work};
use crate::dataset::store::Store;

/// How many times the size of a chunk may be in memory for points that have become far larger than
/// those that the chunks were made for.
const LARGEST_SLAB: u64 = 16;

/// How many points larger than what the policy allows may be in memory.
const LEAST_POINTS: u64 = 4;

impl Growing {
    /// Adds points, or missing points if there are no data.
    pub fn add(&mut self, count: u64, data: Option<(&[u64], Bytes)>) -> Result<(), Error> {
        self.since.get_or_insert_with(Instant::now);
        if let Some((shape, _)) = &data {
            for (largest, length) in self.element.iter_mut().zip(shape.iter()) {
                *largest = (*largest).max(*length);
            }
        }
        if self.store.is_none() {
            self.create_declared()?;
        }
        if self.store.is_none() {
            let chunk = sealed_chunk(&self.element, self.place.item(), self.policy.chunk);
            match chunk {
                Some(chunk) if self.slab.rows() + count >= chunk.length => {
                    self.create(chunk, Scheme::GzipByteShuffle)?
                }
                _ => {
                    self.points += count;
                    match data {
                        Some((shape, data)) => {
                            self.slab
                                .push(count, shape, &data, self.policy.chunk as usize);
                        }
                        None => self.slab.push_missing(count),
                    }
                    return Ok(());
                }
            }
        }
        let Some(store) = self.store.clone() else {
            return Ok(());
        };
        self.fill(&store, count, data);
        self.check()
    }

    /// Makes the dataset that the scan declares, if it does.
    fn create_declared(&mut self) -> Result<(), Error> {
        let Some(guess) = self.place.guess() else {
            return Ok(());
        };
        let Some((&length, element)) = guess.chunk.split_first() else {
            return Ok(());
        };
        let element = element.to_vec();
        self.create(ChunkShape { length, element }, guess.scheme)
    }

    /// Makes the chunked dataset. What has come is dealt out to its chunks.
    pub(super) fn create(&mut self, chunk: ChunkShape, scheme: Scheme) -> Result<(), Error> {
        // What readers saw already is shown again at once.
        let fresh = self.old.is_none();
        let mut extent = vec![0];
        extent.extend(&self.element);
        let cache = self.place.is_direct(scheme).then_some(0);
        let made = self
            .make_way()
            .and_then(|()| self.place.create(&extent, &chunk.dims(), scheme, cache));
        let dataset = match made {
            Ok(made) => made,
            Err(error) => return Err(self.failed.insert(error).clone()),
        };
        let recipe = self.place.recipe(chunk, scheme);
        let store = Store::new(&self.place, dataset, recipe, extent);
        self.store = Some(Rc::clone(&store));
        self.filled = fresh.then(Instant::now);
        if self.slab.rows() < store.recipe.shape.length {
            return Ok(());
        }
        let slab = std::mem::take(&mut self.slab);
        self.points -= slab.rows();
        for (_, run, bytes) in slab.runs(self.place.item()) {
            let data = run
                .shape
                .as_deref()
                .map(|shape| (shape, Bytes::copy_from_slice(bytes)));
            self.fill(&store, run.rows, data);
        }
        self.check()
    }

    /// Deals points out to slabs.
    fn fill(&mut self, store: &Rc<Store>, count: u64, mut data: Option<(&[u64], Bytes)>) {
        let length = store.recipe.shape.length;
        let mut left = count;
        while left > 0 {
            let room = length - self.before - self.slab.rows();
            let rows = left.min(room);
            match &mut data {
                Some((shape, data)) => {
                    let size = point_size(shape, self.place.item()) as usize * rows as usize;
                    let part = data.split_to(size);
                    self.gather(rows, rows == length, shape, part);
                }
                None => self.slab.push_missing(rows),
            }
            self.points += rows;
            left -= rows;
            if rows == room {
                self.post_slab(store);
            } else if self.slab.bytes().len() as u64 > self.largest_slab() {
                self.post_part(store);
            }
        }
    }

    /// Bytes of points that may wait in memory.
    pub(super) fn largest_slab(&self) -> u64 {
        let chunk = self.policy.chunk;
        if self.place.declared().is_none() || chunk == MAX_CHUNK {
            return LARGEST_SLAB * chunk;
        }
        // Here the policy had no say in the size of the chunks. Chunks of large points are worth
        // some memory, because each time that some are added the whole chunks are read and written.
        let point = point_size(&self.element, self.place.item());
        if point > chunk {
            point.saturating_mul(LEAST_POINTS)
        } else {
            chunk
        }
    }

    fn gather(&mut self, rows: u64, whole: bool, shape: &[u64], data: Bytes) {
        if whole {
            self.slab = Slab::whole(rows, shape, data);
            return;
        }
        // Memory is taken in one piece only by streams that have filled it before.
        if self.slab.is_empty() && self.usual > 0 {
            self.slab = Slab::recycled(self.outbox.pool().recycler(), self.usual);
        }
        let expected = self.usual.max(self.policy.chunk as usize);
        self.slab.push(rows, shape, &data, expected);
    }

    /// Sends the slab on its way; with it the present chunk is complete.
    pub(super) fn post_slab(&mut self, store: &Store) {
        self.usual = self.slab.bytes().len();
        if self.before > 0 {
            self.post_rest(store, true);
        } else if store.filtered() {
            self.post(Work::Encode);
        } else {
            self.post(Work::Raw);
        }
        self.before = 0;
        self.filled = Some(Instant::now());
    }

    /// Sends the slab on its way before the chunk is complete.
    pub(super) fn post_part(&mut self, store: &Store) {
        self.post_rest(store, false);
    }

    fn post_rest(&mut self, store: &Store, finish: bool) {
        let before = self.before;
        if self.place.declared().is_some() && store.filtered() {
            self.post(|slab| Work::Part {
                slab,
                before,
                finish,
            });
        } else {
            self.post(Work::Blocks);
        }
    }

    /// Sends the slab on its way; what follows belongs to the same chunk.
    fn post(&mut self, work: impl FnOnce(Slab) -> Work) {
        let Some(store) = self.store.clone() else {
            return;
        };
        let slab = std::mem::take(&mut self.slab);
        let rows = slab.rows();
        self.before += rows;
        self.exposed = 0;
        self.outbox.post(Parcel {
            store,
            first: self.points - rows,
            rows,
            element: self.element.clone(),
            work: work(slab),
        });
    }
}
