//! Stores compressed chunks before they are full, and completes them later.
//!
//! As long as such a chunk is not full, it is stored without filters at its full size. So points can be
//! added at their offset in the chunk, and only one chunk at a time has to be in memory.

use super::ChunkedDataset;
use crate::chunk::{Encoded, Slab, all_corners, copy_into};
use crate::dataset::store_queue::StoreResources;
use crate::h5;

/// The largest total size in bytes of the chunks that begin at the same row and are compressed. Larger
/// ones remain without filters. They occur only if points are far larger than declared.
const MAX_ROW_BYTES: usize = 256 << 20;

impl ChunkedDataset {
    /// Adds the points of a slab to chunks whose first `row` points are stored. If `finish` is `true`,
    /// the chunks are complete with these points and are compressed.
    pub fn store_part(
        &self,
        first: u64,
        row: u64,
        slab: &Slab,
        element: &[u64],
        finish: bool,
        resources: &mut StoreResources,
    ) {
        self.try_store("store parts of chunks", || {
            self.grow(first + slab.rows(), element)?;
            let start = first - row;
            let touched = self.corners_with_data(slab, element);
            if !finish {
                // Readers may have seen some of the points with filters.
                if row == 0 {
                    self.remove_filtered_chunks(first, resources)?;
                    self.grow(first + slab.rows(), element)?;
                }
                return self.add_to(start, row, slab, &touched, resources);
            }
            let mut all = all_corners(&self.extent.borrow()[1..], &self.format.shape);
            all.extend(touched);
            let mut encoded: Vec<Encoded> = Vec::new();
            let mut size = 0;
            for corner in &all {
                let Some(chunk) = self.merged_chunk(start, corner, row, slab)? else {
                    continue;
                };
                size += chunk.len();
                if size > MAX_ROW_BYTES {
                    let all: Vec<_> = all.into_iter().collect();
                    return self.add_to(start, row, slab, &all, resources);
                }
                encoded.push(
                    resources
                        .encoder()
                        .encode_chunk(&chunk, &self.format, corner),
                );
            }
            self.replace_chunks(start, first + slab.rows(), element, &encoded, resources)
        });
    }

    /// Adds the points of a slab to stored chunks, and stores these again without filters.
    fn add_to(
        &self,
        start: u64,
        row: u64,
        slab: &Slab,
        corners: &[Vec<u64>],
        resources: &mut StoreResources,
    ) -> h5::Result<()> {
        // This frees the scratch memory, so that only one chunk at a time is in memory.
        resources.scratch = Vec::new();
        for corner in corners {
            if let Some(chunk) = self.merged_chunk(start, corner, row, slab)? {
                self.write_chunk(start, corner, self.format.skip_all(), &chunk)?;
            }
        }
        Ok(())
    }

    /// Returns the bytes of a chunk as stored, with the points of a slab added. Returns `None` if the
    /// chunk is not stored and the slab has no data for it.
    fn merged_chunk(
        &self,
        start: u64,
        corner: &[u64],
        row: u64,
        slab: &Slab,
    ) -> h5::Result<Option<Vec<u8>>> {
        let size = self.format.size();
        let stored = self.dataset.read_chunk(&offset(start, corner))?;
        let touched = || {
            slab.runs(self.format.item).any(|(_, run, _)| {
                let shape = run.shape.as_deref();
                shape.is_some_and(|shape| {
                    shape
                        .iter()
                        .zip(corner)
                        .all(|(length, start)| length > start)
                })
            })
        };
        let mut chunk = match stored {
            Some((_, bytes)) if bytes.len() == size => bytes,
            _ if touched() => {
                let mut chunk = vec![0; size];
                self.format.fill.fill_slice(&mut chunk);
                chunk
            }
            _ => return Ok(None),
        };
        copy_into(slab, &self.format, corner, row, &mut chunk);
        Ok(Some(chunk))
    }
}

/// Returns the offset of a chunk in the dataset: the row and the corner of its first element.
pub(super) fn offset(first: u64, corner: &[u64]) -> Vec<u64> {
    std::iter::once(first)
        .chain(corner.iter().copied())
        .collect()
}
