//! Runs the filters of a chunk outside of the HDF5 library.
//!
//! A dataset with deflate declares [`DECLARED_LEVEL`], as the Python writers do. A file does not show
//! which level the compressor really used. Chunks that libdeflate compresses at level 1 have about the
//! size that zlib achieves at level 4, and level 1 is the fastest. The table shows the size relative to
//! zlib at level 4, and the speed including the shuffle, for shuffled chunks of 1 MiB on one core of a
//! shared virtual machine:
//!
//! | data (ratio with zlib 4)            | level 1         | level 2         | level 4         | level 5         |
//! |-------------------------------------|-----------------|-----------------|-----------------|-----------------|
//! | float64 counts (7.6)                | -3.0 % 213 MB/s | -3.6 % 189 MB/s | -7.7 % 160 MB/s | -7.8 % 151 MB/s |
//! | float64 positions with noise (1.5)  | -0.0 % 157 MB/s | +0.0 % 116 MB/s | +0.0 % 115 MB/s | -0.0 % 110 MB/s |
//! | float64 time stamps (2.0)           | +0.7 % 179 MB/s | +0.0 % 134 MB/s | -0.4 % 125 MB/s | -1.0 % 106 MB/s |
//! | uint32 spectra (6.3)                | -1.0 % 226 MB/s | +0.1 % 205 MB/s | -0.3 % 174 MB/s | -0.9 % 111 MB/s |
//! | uint16 image (3.6)                  | -1.5 % 206 MB/s | -2.4 % 132 MB/s | -3.3 % 107 MB/s | -4.2 %  77 MB/s |
//! | uint32 image, nearly empty (43)     | +2.6 % 265 MB/s | +0.2 % 249 MB/s | -7.2 % 301 MB/s | -9.7 % 275 MB/s |
//! | float64 ramp (244)                  | +12  % 333 MB/s | +13  % 351 MB/s | +5.4 % 337 MB/s | -11  % 300 MB/s |
//!
//! For chunks that compress to almost nothing, level 5 is as fast as level 1 and the result is even
//! smaller. Therefore the level depends on the result for the last chunk of the dataset. Level 5 is
//! also used for small chunks, those of slow streams, because small chunks compress less well. If the
//! first rows of shuffled bytes are noise, they are stored without compression, which saves a third to
//! a half of the time for positions and time stamps. Every [`TRIAL`] chunks the encoder compresses a
//! whole chunk to check that storing these rows does not increase the size.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use libdeflater::{CompressionLvl, Compressor};
use observation::Observation;

use super::noise::{noisy_rows, zlib};
use super::{
    BufferPool, ChunkFormat, CompressionScheme, PooledBuffer, Slab, bitshuffle, bitshuffle_lz4,
    chunk_bytes, shuffle,
};

/// The deflate level that datasets declare.
pub(crate) const DECLARED_LEVEL: u32 = 4;

/// The level at which chunks are usually compressed.
const FAST_LEVEL: i32 = 1;

/// The level for chunks of up to `SMALL_CHUNK` bytes, and for chunks that compress to less than one byte in
/// `EMPTY_RATIO`. It takes little more time for them.
const THOROUGH_LEVEL: i32 = 5;
const SMALL_CHUNK: usize = 128 << 10;
const EMPTY_RATIO: usize = 20;

/// The number of chunks of which one is compressed as a whole, to check that storing the noise without
/// compression does not increase the size.
const TRIAL: usize = 16;

/// The number of counts of stored rows that a check tries.
const CANDIDATES: usize = 3;

/// Storing the noise without compression may increase the size by one byte in `GROWTH_LIMIT`.
const GROWTH_LIMIT: usize = 200;

/// A chunk ready to be stored with `H5Dwrite_chunk`.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// The first corner of the chunk, in the dimensions of a point.
    pub corner: Vec<u64>,
    /// Bit n is set if filter n was not run.
    pub filter_mask: u32,
    /// The bytes to store in the file.
    pub bytes: PooledBuffer,
}

/// The compressors and the memory of one thread.
pub(crate) struct Encoder {
    fast: Compressor,
    thorough: Compressor,
    buffers: BufferPool,
    observation: Arc<Observation>,
    scratch: Vec<u8>,
    shuffled: Vec<u8>,
}

impl Encoder {
    /// Returns an encoder that takes memory for its results from `buffers` and reports each chunk to
    /// `observation`.
    pub(crate) fn new(buffers: BufferPool, observation: Arc<Observation>) -> Encoder {
        // Both levels are in range; the fallback is libdeflate's default.
        let compressor = |level| Compressor::new(CompressionLvl::new(level).unwrap_or_default());
        Encoder {
            fast: compressor(FAST_LEVEL),
            thorough: compressor(THOROUGH_LEVEL),
            buffers,
            observation,
            scratch: Vec::new(),
            shuffled: Vec::new(),
        }
    }

    /// Cuts the chunk at `corner` out of a slab and compresses it.
    pub(crate) fn encode(&mut self, slab: &Slab, format: &ChunkFormat, corner: &[u64]) -> Encoded {
        let mut scratch = std::mem::take(&mut self.scratch);
        let encoded = self.encode_chunk(
            chunk_bytes(slab, format, corner, &mut scratch),
            format,
            corner,
        );
        self.scratch = scratch;
        encoded
    }

    /// Compresses the bytes of the chunk at `corner`.
    pub(crate) fn encode_chunk(
        &mut self,
        chunk: &[u8],
        format: &ChunkFormat,
        corner: &[u64],
    ) -> Encoded {
        let stopwatch = self.observation.stopwatch();
        let mut bytes = self.buffers.take(chunk.len());
        let filtered = self.filter(chunk, format, &mut bytes);
        if !filtered {
            bytes.clear();
            bytes.extend_from_slice(chunk);
        }
        let figures = self.observation.encoder.filter(format.filter());
        figures.encoded(stopwatch, chunk.len(), bytes.len());
        Encoded {
            corner: corner.to_vec(),
            filter_mask: if filtered { 0 } else { format.skip_all() },
            bytes,
        }
    }

    /// Runs the filters. Returns `false` if the chunk should be stored without filters, because
    /// compression does not make it smaller or there are none.
    fn filter(&mut self, chunk: &[u8], format: &ChunkFormat, bytes: &mut Vec<u8>) -> bool {
        let (size, item) = (chunk.len(), format.item);
        match format.scheme {
            CompressionScheme::None => false,
            CompressionScheme::Gzip | CompressionScheme::GzipByteShuffle => {
                self.shuffled.resize(size, 0);
                bytes.resize(size, 0);
                // Compression fails on purpose if the result would not be smaller than the chunk.
                let room = &mut bytes[..size.saturating_sub(1)];
                let length = if format.scheme == CompressionScheme::Gzip {
                    self.shuffled.copy_from_slice(chunk);
                    self.compress_whole(format, room)
                } else {
                    shuffle(chunk, item, &mut self.shuffled);
                    self.compress(format, room)
                };
                bytes.truncate(length.unwrap_or(0));
                length.is_some()
            }
            CompressionScheme::ByteShuffle => {
                bytes.resize(size, 0);
                shuffle(chunk, item, bytes);
                true
            }
            CompressionScheme::BitShuffle => {
                bytes.resize(size, 0);
                bitshuffle(chunk, item, bytes, &mut self.shuffled);
                true
            }
            CompressionScheme::Lz4BitShuffle => {
                bitshuffle_lz4(chunk, item, bytes, &mut self.shuffled);
                bytes.len() < size
            }
        }
    }

    /// Compresses the shuffled bytes and returns the length of the result. Rows of noise are stored
    /// without compression if the last check of this dataset found that to be worthwhile.
    fn compress(&mut self, format: &ChunkFormat, target: &mut [u8]) -> Option<usize> {
        let row = self.shuffled.len() / format.item;
        let trial = format
            .encoded_count
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(TRIAL);
        let noise = noisy_rows(&self.shuffled, format.item);
        let known = format.stored_rows.load(Ordering::Relaxed);
        if !trial && noise > 0 && noise <= known {
            return zlib(&mut self.fast, &self.shuffled, noise * row, target);
        }
        let whole = self.compress_whole(format, target);
        if trial {
            let limit = whole.unwrap_or(self.shuffled.len());
            let noise = self.storable_rows(noise, row, limit + limit / GROWTH_LIMIT);
            format.stored_rows.store(noise, Ordering::Relaxed);
        }
        whole
    }

    /// Returns how many of the first `noise` rows can be stored without compression so that the result
    /// has at most `limit` bytes. The last of these rows may be compressible even if they look like
    /// noise.
    fn storable_rows(&mut self, noise: usize, row: usize, limit: usize) -> usize {
        let mut scratch = self.buffers.take(self.shuffled.len());
        scratch.resize(self.shuffled.len(), 0);
        let least = noise.saturating_sub(CANDIDATES);
        let mut rows = (least + 1..=noise).rev();
        rows.find(|rows| {
            zlib(&mut self.fast, &self.shuffled, rows * row, &mut scratch)
                .is_some_and(|length| length <= limit)
        })
        .unwrap_or(0)
    }

    fn compress_whole(&mut self, format: &ChunkFormat, target: &mut [u8]) -> Option<usize> {
        let size = self.shuffled.len();
        let thorough = size <= SMALL_CHUNK || format.nearly_empty.load(Ordering::Relaxed);
        let first = if thorough {
            &mut self.thorough
        } else {
            &mut self.fast
        };
        let mut length = zlib(first, &self.shuffled, 0, target);
        let is_empty = length.is_some_and(|length| length < size / EMPTY_RATIO);
        if is_empty && !thorough {
            length = zlib(&mut self.thorough, &self.shuffled, 0, target);
        }
        format.nearly_empty.store(is_empty, Ordering::Relaxed);
        length
    }
}

#[cfg(test)]
mod tests {
    use libdeflater::Decompressor;

    use super::*;
    use crate::chunk::shuffle::unshuffle;
    use crate::chunk::{ChunkShape, FillValue, test_noise};
    use crate::tree::{ByteOrder, ElementType};

    fn encoded(slab: &Slab, chunk: &ChunkShape, corner: &[u64], item: usize) -> Encoded {
        let fill = FillValue::new(&ElementType::Float(item, ByteOrder::Little)).unwrap();
        let format = ChunkFormat::new(
            chunk.clone(),
            item,
            fill,
            CompressionScheme::GzipByteShuffle,
        );
        let mut encoder = Encoder::new(BufferPool::default(), Arc::default());
        let first = encoder.encode(slab, &format, corner);
        let second = encoder.encode(slab, &format, corner);
        assert_eq!(*first.bytes, *second.bytes, "the level depends on the data");
        first
    }

    fn decoded(chunk: &Encoded, size: usize, item: usize) -> Vec<u8> {
        if chunk.filter_mask == 0b11 {
            assert_eq!(chunk.bytes.len(), size);
            return chunk.bytes.to_vec();
        }
        assert_eq!(chunk.filter_mask, 0);
        assert!(chunk.bytes.len() < size);
        let mut shuffled = vec![0; size];
        let length = Decompressor::new()
            .zlib_decompress(&chunk.bytes, &mut shuffled)
            .unwrap();
        assert_eq!(length, size);
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
    fn noise_is_stored_as_it_is() {
        let data = test_noise(4096);
        let slab = Slab::whole(1024, &[], data.clone().into());
        let chunk = ChunkShape {
            length: 1024,
            element: vec![],
        };
        let result = encoded(&slab, &chunk, &[], 4);
        assert_eq!(result.filter_mask, 0b11);
        assert_eq!(decoded(&result, 4096, 4), data);
    }

    /// Returns the compressed sizes of successive chunks of doubles whose last digits are noise.
    fn noisy(chunks: usize, noise: impl Fn(usize) -> Vec<u8>) -> Vec<usize> {
        let count = 1 << 14;
        let shape = ChunkShape {
            length: count as u64,
            element: vec![],
        };
        let fill = FillValue::new(&ElementType::Float(8, ByteOrder::Little)).unwrap();
        let format = ChunkFormat::new(shape, 8, fill, CompressionScheme::GzipByteShuffle);
        let mut encoder = Encoder::new(BufferPool::default(), Arc::default());
        let mut sizes = Vec::new();
        for chunk in 0..chunks {
            let mut data: Vec<u8> = (0..count)
                .flat_map(|n| (1.0 + f64::from(n) / 1e5).to_le_bytes())
                .collect();
            let noise = noise(chunk);
            for (number, noise) in data.chunks_mut(8).zip(noise.chunks(5)) {
                number[..5].copy_from_slice(noise);
            }
            let slab = Slab::whole(count as u64, &[], data.clone().into());
            let result = encoder.encode(&slab, &format, &[]);
            assert_eq!(decoded(&result, data.len(), 8), data);
            sizes.push(result.bytes.len());
        }
        sizes
    }

    #[test]
    fn noise_is_stored_if_the_size_hardly_grows() {
        let noise = test_noise(5 << 14);
        let sizes = noisy(3, |_| noise.clone());
        assert!(sizes[1] > 5 << 14, "the noise is all there");
        assert_ne!(sizes[0], sizes[1], "the first chunk is a trial");
        assert!(sizes[1] < sizes[0] + sizes[0] / GROWTH_LIMIT);
    }

    #[test]
    fn noise_that_repeats_is_compressed() {
        let repeated = test_noise(5 * 1000).repeat(17);
        let sizes = noisy(3, |_| repeated.clone());
        assert!(sizes.iter().all(|&size| size < 3 << 14), "{sizes:?}");
    }
}
