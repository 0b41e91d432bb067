//! Shows chunks that are not full with filters.
//!
//! A chunk without filters takes its full size of the file, once, however few points it has. One with filters takes
//! the space of its points, but a new place each time that it is shown with more of them, and readers keep the old
//! ones occupied for a while. So filters save space for data that are compressed well, if chunks are not shown
//! too often.

use super::ChunkedDataset;
use crate::chunk::{Encoded, Slab};
use crate::dataset::store_queue::StoreResources;

/// How many times smaller a chunk has to be with filters, so that showing it with them saves space.
///
/// Space is used again ten seconds after it is freed. A chunk that is shown each second has occupied ten places by then,
/// with half of its points on average. Without filters it occupies one place while it is filled, and one until the
/// space can be used again.
const MIN_RATIO: u128 = 4;

impl ChunkedDataset {
    /// Stores chunks that are not full with filters, if that takes less space of the file than without, and returns
    /// `true` in this case. Otherwise, and in a file whose space the HDF5 library manages, nothing is stored.
    ///
    /// The slab holds all points of the chunks, which begin at row `first`.
    pub fn store_compressed_part(
        &self,
        first: u64,
        slab: &Slab,
        element: &[u64],
        resources: &mut StoreResources,
    ) -> bool {
        let mut is_stored = false;
        self.try_store("store compressed parts of chunks", || {
            if !self.dataset.release_space(&[])? {
                return Ok(());
            }
            let encoder = resources.encoder();
            let corners = self.corners_with_data(slab, element);
            let encoded: Vec<_> = corners
                .iter()
                .map(|corner| encoder.encode(slab, &self.format, corner))
                .collect();
            if self.saves_space(&encoded, slab.rows()) {
                self.replace_chunks(first, first + slab.rows(), element, &encoded, resources)?;
                is_stored = true;
            }
            Ok(())
        });
        is_stored
    }

    /// Returns `true` if these chunks, of which the first `rows` points are there, will be much smaller than without
    /// filters when they are full.
    fn saves_space(&self, encoded: &[Encoded], rows: u64) -> bool {
        let size: usize = encoded.iter().map(|chunk| chunk.bytes.len()).sum();
        let full = size as u128 * u128::from(self.format.shape.length) / u128::from(rows.max(1));
        full * MIN_RATIO <= (self.format.size() * encoded.len()) as u128
    }
}
