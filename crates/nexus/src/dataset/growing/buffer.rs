//! The points of a list that are in memory.

use std::rc::Rc;

use bytes::Bytes;
use observation::Hdf5Stage;

use crate::chunk::{ChunkShape, MAX_CHUNK, Scheme, Slab, point_size, sealed_chunk};
use crate::dataset::place::Place;
use crate::dataset::store::Store;
use crate::dataset::{Error, Outbox, Policy};

/// How many times the size of a chunk may be in memory for points that have become far larger than
/// those that the chunks were made for.
const LARGEST_SLAB: u64 = 16;

/// How many points larger than what the policy allows may be in memory.
const LEAST_POINTS: u64 = 4;

/// The points that wait to be stored, and what they are stored with.
pub(super) struct PointBuffer {
    pub place: Place,
    pub policy: Policy,
    pub outbox: Outbox,
    /// Points that came or were skipped, stored or not.
    pub points: u64,
    /// Largest shape of a point up to now.
    pub element: Vec<u64>,
    /// The last of the points.
    pub slab: Slab,
}

impl PointBuffer {
    pub fn new(place: Place, policy: Policy, outbox: Outbox) -> PointBuffer {
        let element = place.shape.iter().map(|length| length.unwrap_or(0));
        PointBuffer {
            element: element.collect(),
            place,
            policy,
            outbox,
            points: 0,
            slab: Slab::new(),
        }
    }

    /// Makes room for points of this shape.
    pub fn note_shape(&mut self, shape: &[u64]) {
        for (largest, length) in self.element.iter_mut().zip(shape) {
            *largest = (*largest).max(*length);
        }
    }

    /// Adds points, or missing points if there are no data.
    pub fn push(&mut self, count: u64, data: Option<(&[u64], Bytes)>) {
        self.points += count;
        match data {
            Some((shape, data)) => {
                let expected = self.policy.chunk as usize;
                self.slab.push(count, shape, &data, expected);
            }
            None => self.slab.push_missing(count),
        }
    }

    /// The chunks for all points, if one of them is full with `more` points.
    pub fn full_chunk(&self, more: u64) -> Option<ChunkShape> {
        sealed_chunk(&self.element, self.place.item(), self.policy.chunk)
            .filter(|chunk| self.slab.rows() + more >= chunk.length)
    }

    /// Bytes of points that may wait in memory for the rest of their chunk.
    pub fn largest_slab(&self) -> u64 {
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

    /// Makes a chunked dataset without points.
    pub fn create_store(&self, chunk: ChunkShape, scheme: Scheme) -> Result<Rc<Store>, Error> {
        let extent: Vec<u64> = std::iter::once(0)
            .chain(self.element.iter().copied())
            .collect();
        let cache = self.place.is_direct(scheme).then_some(0);
        let observation = self.outbox.observation();
        let stopwatch = observation.stopwatch();
        let dataset = self.place.create(&extent, &chunk.dims(), scheme, cache);
        observation.hdf5.finished(Hdf5Stage::Build, stopwatch);
        let recipe = self.place.recipe(chunk, scheme);
        Ok(Store::new(
            &self.place,
            dataset?,
            recipe,
            extent,
            observation,
        ))
    }

    /// Makes a contiguous dataset of all points, which are in memory.
    pub fn create_contiguous(&self) -> Result<(), Error> {
        let hdf5 = &self.outbox.observation().hdf5;
        let stopwatch = self.outbox.observation().stopwatch();
        self.place
            .create_contiguous(&self.slab, self.points, &self.element)?;
        hdf5.finished(Hdf5Stage::Write, stopwatch);
        hdf5.bytes_written.add(self.slab.bytes().len() as u64);
        Ok(())
    }
}
