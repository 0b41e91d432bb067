//! The filters of a chunk, run outside of the HDF5 library.
//!
//! A dataset declares shuffle and deflate at [`DECLARED_LEVEL`], as the Python writer does; how hard
//! the compressor worked is not visible in a file.

use libdeflater::{CompressionLvl, Compressor};

use super::{Buffer, ChunkShape, Fill, Recycler, Slab, cut, shuffle};

/// The deflate level that datasets declare.
pub const DECLARED_LEVEL: u32 = 4;

/// What the compressor is asked for.
const LEVEL: i32 = 1;

/// The filter mask of a chunk that is stored as it is in a dataset with both filters.
pub const SKIP_ALL: u32 = 0b11;

/// The filter mask of a chunk that deflate, the second filter, could not make smaller.
const SKIP_DEFLATE: u32 = 0b10;

/// What is done to the chunks of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filters {
    /// Chunks are stored as they are.
    None,
    /// Shuffle, then deflate.
    ShuffleDeflate,
}

/// A chunk ready to be stored with `H5Dwrite_chunk`.
#[derive(Debug)]
pub struct Encoded {
    /// First corner of the chunk, in the dimensions of a point.
    pub corner: Vec<u64>,
    /// Bit n is set if filter n was not run.
    pub filter_mask: u32,
    /// What goes into the file.
    pub bytes: Buffer,
}

/// One thread's compressor and memory.
pub struct Encoder {
    compressor: Compressor,
    recycler: Recycler,
    tile: Vec<u8>,
    shuffled: Vec<u8>,
}

impl Encoder {
    /// The results live in buffers of `recycler`.
    pub fn new(recycler: Recycler) -> Encoder {
        // The level is a constant in range; the fallback is libdeflate's default.
        let level = CompressionLvl::new(LEVEL).unwrap_or_default();
        Encoder {
            compressor: Compressor::new(level),
            recycler,
            tile: Vec::new(),
            shuffled: Vec::new(),
        }
    }

    /// Cuts the chunk at `corner` out of a slab and compresses it.
    pub fn encode(
        &mut self,
        slab: &Slab,
        chunk: &ChunkShape,
        corner: &[u64],
        item: usize,
        fill: &Fill,
    ) -> Encoded {
        let tile = cut(slab, chunk, corner, item, fill, &mut self.tile);
        self.shuffled.resize(tile.len(), 0);
        shuffle(&tile, item, &mut self.shuffled);
        // A result that is no smaller than the chunk is of no use: no room for it.
        let mut bytes = self.recycler.take(tile.len());
        bytes.resize(tile.len(), 0);
        let filter_mask = match self.compressor.zlib_compress(&self.shuffled, &mut bytes) {
            Ok(size) => {
                bytes.truncate(size);
                0
            }
            Err(_) => {
                bytes.copy_from_slice(&self.shuffled);
                SKIP_DEFLATE
            }
        };
        Encoded {
            corner: corner.to_vec(),
            filter_mask,
            bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use libdeflater::Decompressor;

    use super::*;
    use crate::chunk::unshuffle;
    use crate::tree::{ElementType, Order};

    fn encoded(slab: &Slab, chunk: &ChunkShape, corner: &[u64], item: usize) -> Encoded {
        let fill = Fill::new(&ElementType::Float(item, Order::Little)).unwrap();
        Encoder::new(Recycler::default()).encode(slab, chunk, corner, item, &fill)
    }

    fn decoded(chunk: &Encoded, size: usize, item: usize) -> Vec<u8> {
        let mut shuffled = vec![0; size];
        if chunk.filter_mask == SKIP_DEFLATE {
            shuffled.copy_from_slice(&chunk.bytes);
        } else {
            assert_eq!(chunk.filter_mask, 0);
            let length = Decompressor::new()
                .zlib_decompress(&chunk.bytes, &mut shuffled)
                .unwrap();
            assert_eq!(length, size);
        }
        let mut data = vec![0; size];
        unshuffle(&shuffled, item, &mut data);
        data
    }

    #[test]
    fn a_chunk_comes_back() {
        let data: Vec<u8> = (0..4000).flat_map(|n| f64::from(n).to_le_bytes()).collect();
        let mut slab = Slab::new();
        slab.push(4000, &[], &data, data.len());
        let chunk = ChunkShape {
            length: 4000,
            element: vec![],
        };
        let result = encoded(&slab, &chunk, &[], 8);
        assert!(result.bytes.len() < data.len() / 4);
        assert_eq!(decoded(&result, data.len(), 8), data);
    }

    #[test]
    fn padding_is_compressed_too() {
        let mut slab = Slab::new();
        slab.push(2, &[3], &[1; 24], 24);
        let chunk = ChunkShape {
            length: 1000,
            element: vec![2],
        };
        let result = encoded(&slab, &chunk, &[2], 4);
        assert_eq!(result.corner, [2]);
        let data = decoded(&result, 8000, 4);
        let nan = [0, 0, 0xc0, 0x7f];
        assert_eq!(data[..16], [[1; 4], nan, [1; 4], nan].concat());
        assert!(data[16..].chunks(4).all(|number| number == nan));
    }

    #[test]
    fn noise_is_stored_without_deflate() {
        let mut state = 1u64;
        let data: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .take(4096)
        .collect();
        let slab = Slab::whole(1024, &[], data.clone().into());
        let chunk = ChunkShape {
            length: 1024,
            element: vec![],
        };
        let result = encoded(&slab, &chunk, &[], 4);
        assert_eq!(result.filter_mask, SKIP_DEFLATE);
        assert_eq!(decoded(&result, 4096, 4), data);
    }
}
