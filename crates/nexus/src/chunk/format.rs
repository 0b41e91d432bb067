//! The properties that all chunks of a dataset have in common.

use observation::Filter;

use super::{ChunkShape, CompressionScheme, FillValue};

/// The properties that all chunks of a dataset have in common.
#[derive(Debug)]
pub(crate) struct ChunkFormat {
    /// The shape of a chunk.
    pub shape: ChunkShape,
    /// The size of one element in bytes.
    pub item: usize,
    /// The element where there are no data.
    pub fill: FillValue,
    /// The filters.
    pub scheme: CompressionScheme,
}

impl ChunkFormat {
    /// Returns a format.
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
        }
    }

    /// Returns the filter mask of a chunk that is stored without filters.
    ///
    /// HDF5 1.14 does not update the mask when a chunk is stored again with the same size. A chunk that
    /// is first stored without filters and then with filters has to be removed in between, unless the
    /// filters make it smaller.
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

    /// Returns the filter under which the encoded chunks are counted in the observation.
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

    /// Returns the size of a chunk in bytes before the filters.
    pub(crate) fn size(&self) -> usize {
        self.shape.size(self.item) as usize
    }
}
