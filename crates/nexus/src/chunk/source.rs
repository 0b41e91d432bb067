//! Where the bytes of chunks come from.

use super::{ChunkFormat, Slab, chunk_bytes};

/// Points in memory that fill chunks.
pub(crate) trait ChunkSource: Send + Sync {
    /// Returns the bytes of the chunk at `corner`, in the dimensions after the first one, with the fill value
    /// where there are no points.
    ///
    /// They are copied to `scratch`, unless the points have them in the same order.
    fn chunk_bytes<'a>(
        &'a self,
        format: &ChunkFormat,
        corner: &[u64],
        scratch: &'a mut Vec<u8>,
    ) -> &'a [u8];
}

impl ChunkSource for Slab {
    fn chunk_bytes<'a>(
        &'a self,
        format: &ChunkFormat,
        corner: &[u64],
        scratch: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        chunk_bytes(self, format, corner, scratch)
    }
}
