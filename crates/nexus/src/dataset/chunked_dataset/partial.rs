//! Compressed chunks that are stored before they are full, and completed later.
//!
//! Until it is full, such a chunk lies in the file without filters, at its full size. So points can
//! be added where they belong, and memory is used for one chunk at a time only.

use super::ChunkedDataset;
use crate::chunk::{Encoded, Slab, corners, lay};
use crate::dataset::store_queue::StoreResources;
use crate::h5;

/// Bytes of the chunks of a row that are compressed together; larger rows stay as they are. Only
/// points that are far larger than was declared make such rows.
const MOST: usize = 256 << 20;

impl ChunkedDataset {
    /// Adds the points of a slab to chunks whose first `row` points are stored. If `finish` is set,
    /// there is nothing to come, and the chunks are compressed.
    pub fn part(
        &self,
        first: u64,
        row: u64,
        slab: &Slab,
        element: &[u64],
        finish: bool,
        resources: &mut StoreResources,
    ) {
        self.attempt("store parts of chunks", || {
            self.grow(first + slab.rows(), element)?;
            let start = first - row;
            let touched = self.corners(slab, element);
            if !finish {
                return self.add_to(start, row, slab, &touched, resources);
            }
            let mut all = corners(&self.extent.borrow()[1..], &self.format.shape);
            all.extend(touched);
            let mut made: Vec<Encoded> = Vec::new();
            let mut size = 0;
            for corner in &all {
                let Some(tile) = self.tile(start, corner, row, slab)? else {
                    continue;
                };
                size += tile.len();
                if size > MOST {
                    let all: Vec<_> = all.into_iter().collect();
                    return self.add_to(start, row, slab, &all, resources);
                }
                made.push(resources.encoder().encode_tile(&tile, &self.format, corner));
            }
            self.replace(start, first + slab.rows(), element, &made, resources)
        });
    }

    /// Stores chunks without filters, with what there is of them already.
    fn add_to(
        &self,
        start: u64,
        row: u64,
        slab: &Slab,
        corners: &[Vec<u64>],
        resources: &mut StoreResources,
    ) -> h5::Result<()> {
        // The memory of the last use is not needed meanwhile.
        resources.scratch = Vec::new();
        for corner in corners {
            if let Some(tile) = self.tile(start, corner, row, slab)? {
                self.chunk(start, corner, self.format.skip_all(), &tile)?;
            }
        }
        Ok(())
    }

    /// The bytes of a chunk, as stored, with those of a slab; `None` if there is nothing of it.
    fn tile(
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
        let mut tile = match stored {
            Some((_, bytes)) if bytes.len() == size => bytes,
            _ if touched() => {
                let mut tile = vec![0; size];
                self.format.fill.lay(&mut tile);
                tile
            }
            _ => return Ok(None),
        };
        lay(slab, &self.format, corner, row, &mut tile);
        Ok(Some(tile))
    }
}

/// First element of a chunk.
pub(super) fn offset(first: u64, corner: &[u64]) -> Vec<u64> {
    std::iter::once(first)
        .chain(corner.iter().copied())
        .collect()
}
