//! The points of a list that are not stored yet.

use std::rc::Rc;

use bytes::Bytes;
use observation::Hdf5Stage;

use crate::chunk::{
    ChunkShape, CompressionScheme, MAX_CHUNK, Slab, ended_stream_chunk, point_size,
};
use crate::dataset::chunked_dataset::ChunkedDataset;
use crate::dataset::spec::DatasetSpec;
use crate::dataset::{Error, StoreQueue, WritePolicy};

/// The largest size of a slab, in chunks of the policy. A slab becomes larger than a chunk if its points
/// are larger than those for which the shape of the chunks was chosen.
const MAX_SLAB_CHUNKS: u64 = 16;

/// The number of points that may be in memory if each is larger than a chunk of the policy.
const MIN_POINTS: u64 = 4;

/// The points that are not stored yet, and the properties and the queue of their dataset.
pub(super) struct PointBuffer {
    pub spec: DatasetSpec,
    pub policy: WritePolicy,
    pub store_queue: StoreQueue,
    /// The number of points so far, including skipped and stored ones.
    pub points: u64,
    /// The largest length of a point so far, in each dimension.
    pub element: Vec<u64>,
    /// The last points.
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

    /// Enlarges the shape of the dataset so that it has room for points of this shape.
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

    /// Returns the shape of the chunks if the buffer fills one of them with `more` points.
    pub fn full_chunk(&self, more: u64) -> Option<ChunkShape> {
        ended_stream_chunk(&self.element, self.spec.item(), self.policy.chunk)
            .filter(|chunk| self.slab.rows() + more >= chunk.length)
    }

    /// Returns how many bytes of points may wait in memory until their chunk is full.
    pub fn largest_slab(&self) -> u64 {
        let chunk = self.policy.chunk;
        if self.spec.declared().is_none() || chunk == MAX_CHUNK {
            return MAX_SLAB_CHUNKS * chunk;
        }
        // The scan declares the size of the chunks, so the policy does not limit it. If points are large,
        // the slab holds several of them, because adding points reads and writes whole chunks.
        let point = point_size(&self.element, self.spec.item());
        if point > chunk {
            point.saturating_mul(MIN_POINTS)
        } else {
            chunk
        }
    }

    /// Creates a chunked dataset without points.
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
            self.store_queue.written(),
        ))
    }

    /// Creates a contiguous dataset of all points, which must be in the buffer.
    pub fn create_contiguous(&self) -> Result<(), Error> {
        let hdf5 = &self.store_queue.observation().hdf5;
        let stopwatch = self.store_queue.observation().stopwatch();
        self.spec
            .create_contiguous(&self.slab, self.points, &self.element)?;
        hdf5.finished(Hdf5Stage::Write, stopwatch);
        self.store_queue
            .written()
            .add(self.slab.bytes().len() as u64);
        Ok(())
    }
}
