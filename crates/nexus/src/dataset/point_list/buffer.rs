//! The points of a list that are in memory.

use std::rc::Rc;

use bytes::Bytes;
use observation::Hdf5Stage;

use crate::chunk::{
    ChunkShape, CompressionScheme, MAX_CHUNK, Slab, ended_stream_chunk, point_size,
};
use crate::dataset::chunked_dataset::ChunkedDataset;
use crate::dataset::spec::DatasetSpec;
use crate::dataset::{Error, StoreQueue, WritePolicy};

/// How many times the size of a chunk may be in memory for points that have become far larger than
/// those that the chunks were made for.
const LARGEST_SLAB: u64 = 16;

/// How many points larger than what the policy allows may be in memory.
const LEAST_POINTS: u64 = 4;

/// The points that wait to be stored, and what they are stored with.
pub(super) struct PointBuffer {
    pub spec: DatasetSpec,
    pub policy: WritePolicy,
    pub store_queue: StoreQueue,
    /// Points that came or were skipped, stored or not.
    pub points: u64,
    /// Largest shape of a point up to now.
    pub element: Vec<u64>,
    /// The last of the points.
    pub slab: Slab,
}

impl PointBuffer {
    pub fn new(spec: DatasetSpec, policy: WritePolicy, store_queue: StoreQueue) -> PointBuffer {
        let element = spec.shape.iter().map(|length| length.unwrap_or(0));
        PointBuffer {
            element: element.collect(),
            spec,
            policy,
            store_queue,
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
        ended_stream_chunk(&self.element, self.spec.item(), self.policy.chunk)
            .filter(|chunk| self.slab.rows() + more >= chunk.length)
    }

    /// Bytes of points that may wait in memory for the rest of their chunk.
    pub fn largest_slab(&self) -> u64 {
        let chunk = self.policy.chunk;
        if self.spec.declared().is_none() || chunk == MAX_CHUNK {
            return LARGEST_SLAB * chunk;
        }
        // Here the policy had no say in the size of the chunks. Chunks of large points are worth
        // some memory, because each time that some are added the whole chunks are read and written.
        let point = point_size(&self.element, self.spec.item());
        if point > chunk {
            point.saturating_mul(LEAST_POINTS)
        } else {
            chunk
        }
    }

    /// Makes a chunked dataset without points.
    pub fn create_store(
        &self,
        chunk: ChunkShape,
        scheme: CompressionScheme,
    ) -> Result<Rc<ChunkedDataset>, Error> {
        let extent: Vec<u64> = std::iter::once(0)
            .chain(self.element.iter().copied())
            .collect();
        let cache = self.spec.is_direct(scheme).then_some(0);
        let observation = self.store_queue.observation();
        let stopwatch = observation.stopwatch();
        let dataset = self.spec.create(&extent, &chunk.dims(), scheme, cache);
        observation.hdf5.finished(Hdf5Stage::Build, stopwatch);
        let format = self.spec.format(chunk, scheme);
        Ok(ChunkedDataset::new(
            &self.spec,
            dataset?,
            format,
            extent,
            observation,
        ))
    }

    /// Makes a contiguous dataset of all points, which are in memory.
    pub fn create_contiguous(&self) -> Result<(), Error> {
        let hdf5 = &self.store_queue.observation().hdf5;
        let stopwatch = self.store_queue.observation().stopwatch();
        self.spec
            .create_contiguous(&self.slab, self.points, &self.element)?;
        hdf5.finished(Hdf5Stage::Write, stopwatch);
        hdf5.bytes_written.add(self.slab.bytes().len() as u64);
        Ok(())
    }
}
