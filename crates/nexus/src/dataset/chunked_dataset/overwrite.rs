//! Replaces chunks of a grid.
//!
//! The chunks of a list that readers see already are removed before they are stored again, by making the dataset shorter.
//! In a grid that would remove chunks of later rows, which an earlier writer may have left. Here the library frees the
//! old space of a chunk when it stores the new one. With a journal the old space is not used again as long as readers
//! know it.

use super::ChunkedDataset;
use super::partial::offset;
use crate::chunk::{ArrayBox, CompressionScheme, Encoded, GridBand, copy_part};
use crate::dataset::store_queue::StoreResources;
use crate::h5::{self, StoredChunk};

/// Parts of a file that are free now: address and size.
type Freed = Vec<(u64, u64)>;

impl ChunkedDataset {
    /// Encodes and stores the chunks that hold points of the band which are not stored yet, one after the other. The
    /// grid has at least `rows` rows then.
    ///
    /// With `keep`, elements for which the band has no data keep the values that are there.
    pub fn store_band(
        &self,
        band: &GridBand,
        rows: u64,
        element: &[u64],
        keep: bool,
        resources: &mut StoreResources,
    ) {
        self.try_store("store chunks of a grid", || {
            self.grow(rows, element)?;
            let mut freed = Freed::new();
            let mut chunk = std::mem::take(&mut resources.scratch);
            for corner in band.corners(&self.format) {
                chunk.resize(self.format.size(), 0);
                self.format.fill.fill_slice(&mut chunk);
                let start = offset(band.row, &corner);
                let old = match keep || band.stored > 0 {
                    true => self.dataset.stored_chunk(&start)?,
                    false => None,
                };
                let is_covered = band.covers(&self.format, &corner, &self.extent.borrow());
                if old.is_some() && keep && !is_covered {
                    self.read_into(&start, &mut chunk)?;
                }
                band.copy_into(&self.format, &corner, &mut chunk);
                // The chunk may be read again. HDF5 1.14 remembers the wrong filter mask of the last chunk that was
                // stored if the mask has changed, so it stays as it is: none is skipped, or all.
                let skipped = old.map_or(0, |old| old.skipped);
                let room = match skipped != 0 && skipped == self.format.skip_all() {
                    true => 0,
                    false => usize::MAX,
                };
                let encoder = resources.encoder();
                let mut encoded = encoder.encode_within(room, &chunk, &self.format, &corner);
                self.overwrite_chunk(band.row, old, &mut encoded, &mut freed, resources)?;
            }
            resources.scratch = chunk;
            self.dataset.release_space(&freed).map(drop)
        });
    }

    /// Returns `true` if the band has data for all elements of its chunks that are not stored yet.
    pub fn is_covered(&self, band: &GridBand) -> bool {
        let extent = self.extent.borrow();
        let mut corners = band.corners(&self.format).into_iter();
        corners.all(|corner| band.covers(&self.format, &corner, &extent))
    }

    /// Stores the chunks that begin at row `first`, in place of those that are there. With `is_new`, none is.
    pub(super) fn overwrite_chunks(
        &self,
        first: u64,
        rows: u64,
        element: &[u64],
        chunks: &mut [Encoded],
        is_new: bool,
        resources: &mut StoreResources,
    ) -> h5::Result<()> {
        self.grow(rows, element)?;
        let mut freed = Freed::new();
        for chunk in chunks {
            // The library looks for a chunk among all of them, which takes long if there are many.
            let old = match is_new {
                true => None,
                false => self.dataset.stored_chunk(&offset(first, &chunk.corner))?,
            };
            self.overwrite_chunk(first, old, chunk, &mut freed, resources)?;
        }
        self.dataset.release_space(&freed).map(drop)
    }

    /// Stores a chunk, and adds the space of the one that it replaces to `freed`.
    fn overwrite_chunk(
        &self,
        first: u64,
        old: Option<StoredChunk>,
        chunk: &mut Encoded,
        freed: &mut Freed,
        resources: &mut StoreResources,
    ) -> h5::Result<()> {
        if let Some(old) = old.filter(|old| old.size == chunk.bytes.len() as u64) {
            // The library stores a chunk of the same size at the same place, and keeps the filter mask.
            if old.skipped != chunk.filter_mask {
                // Only a chunk that is stored without filters has the size of one with another mask.
                let encoder = resources.encoder();
                *chunk =
                    encoder.encode_within(usize::MAX, &chunk.bytes, &self.format, &chunk.corner);
            } else if self.is_deflated(chunk) {
                // A reader must not find a mixture of two streams, so the new one gets another place. What follows
                // the end of a stream is ignored.
                chunk.bytes.push(0);
            }
        }
        self.write_chunk(first, &chunk.corner, chunk.filter_mask, &chunk.bytes)?;
        if let Some(old) = old.filter(|old| old.size != chunk.bytes.len() as u64) {
            freed.push((old.address, old.size));
        }
        Ok(())
    }

    /// Returns `true` if the chunk is a stream of deflate, all of which changes with the points. Chunks that are not
    /// compressed keep the bytes of the elements that do not change, and LZ4 allows no bytes behind its end.
    fn is_deflated(&self, chunk: &Encoded) -> bool {
        let scheme = self.format.scheme;
        let has_deflate =
            scheme == CompressionScheme::Gzip || scheme == CompressionScheme::GzipByteShuffle;
        // With as many bytes as a chunk without filters it could be taken for one later.
        has_deflate && chunk.filter_mask == 0 && chunk.bytes.len() + 1 != self.format.size()
    }

    /// Reads the chunk at `start` into the bytes of a whole chunk. What is not inside the extent stays.
    fn read_into(&self, start: &[u64], chunk: &mut [u8]) -> h5::Result<()> {
        let dims = self.format.shape.dims();
        let extent = self.extent.borrow();
        let inside = extent.iter().zip(start).zip(&dims);
        let count: Vec<u64> = inside
            .map(|((extent, start), most)| extent.saturating_sub(*start).min(*most))
            .collect();
        let bytes = self.dataset.read_block(start, &count)?;
        let origin = vec![0; dims.len()];
        let from = ArrayBox {
            dims: &count,
            start: &origin,
        };
        let to = ArrayBox {
            dims: &dims,
            start: &origin,
        };
        copy_part(&bytes, from, chunk, to, &count, self.format.item);
        Ok(())
    }
}
