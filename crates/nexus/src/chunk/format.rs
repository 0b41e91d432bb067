//! What the chunks of a dataset have in common.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use observation::Filter;

use super::{ChunkShape, CompressionScheme, FillValue};

/// What the chunks of a dataset have in common, and what was learnt from those made so far.
#[derive(Debug)]
pub(crate) struct ChunkFormat {
    /// Their shape.
    pub shape: ChunkShape,
    /// Bytes of one number.
    pub item: usize,
    /// What stands where there are no data.
    pub fill: FillValue,
    /// Their filters.
    pub scheme: CompressionScheme,
    /// Whether the last chunk had next to nothing in it.
    pub(super) empty: AtomicBool,
    /// How many rows of shuffled bytes are noise that is not worth looking into.
    pub(super) noise: AtomicUsize,
    /// Chunks made up to now.
    pub(super) made: AtomicUsize,
}

impl ChunkFormat {
    /// A format for data of which nothing is known yet.
    pub(crate) fn new(
        shape: ChunkShape,
        item: usize,
        fill: FillValue,
        scheme: CompressionScheme,
    ) -> ChunkFormat {
        ChunkFormat {
            shape,
            item,
            fill,
            scheme,
            empty: AtomicBool::new(false),
            noise: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
        }
    }

    /// The filter mask of a chunk that is stored as it is.
    ///
    /// HDF5 1.14 forgets to note another mask when a chunk is stored again in the same size. A
    /// chunk that is stored as it is and then with filters has to be taken out in between, unless
    /// they make it smaller.
    pub(crate) fn skip_all(&self) -> u32 {
        match self.scheme {
            CompressionScheme::None => 0,
            CompressionScheme::Gzip
            | CompressionScheme::ByteShuffle
            | CompressionScheme::BitShuffle
            | CompressionScheme::Lz4BitShuffle => 0b1,
            CompressionScheme::GzipByteShuffle => 0b11,
        }
    }

    /// The filter under which chunks are counted that are made.
    pub(crate) fn filter(&self) -> Filter {
        match self.scheme {
            CompressionScheme::None
            | CompressionScheme::ByteShuffle
            | CompressionScheme::BitShuffle => Filter::None,
            CompressionScheme::Gzip => Filter::Deflate,
            CompressionScheme::GzipByteShuffle => Filter::ShuffleDeflate,
            CompressionScheme::Lz4BitShuffle => Filter::BitshuffleLz4,
        }
    }

    /// Bytes of a chunk before the filters.
    pub(crate) fn size(&self) -> usize {
        self.shape.size(self.item) as usize
    }
}
