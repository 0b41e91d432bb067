//! Runs the filters of a chunk outside of the HDF5 library.
//!
//! A dataset with deflate declares [`DECLARED_LEVEL`], as the Python writers do. A file does not show how
//! hard the compressor really tried: the streams are made by `shuffle_deflate`, several times as fast as zlib
//! at its fastest level, and they have about the size that zlib achieves at level 4.

use std::sync::Arc;

use observation::Observation;
use shuffle_deflate::shuffle;

use super::{
    BufferPool, ChunkFormat, ChunkSource, CompressionScheme, PooledBuffer, bitshuffle,
    bitshuffle_lz4,
};

/// The deflate level that datasets declare.
pub(crate) const DECLARED_LEVEL: u32 = 4;

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
    deflate: shuffle_deflate::Encoder,
    buffers: BufferPool,
    observation: Arc<Observation>,
    /// A chunk that is cut out of its points.
    scratch: Vec<u8>,
    /// A chunk after the first filter.
    shuffled: Vec<u8>,
    /// A compressed chunk, until its length is known.
    compressed: Vec<u8>,
}

impl Encoder {
    /// Returns an encoder that takes memory for its results from `buffers` and reports each chunk to
    /// `observation`.
    pub(crate) fn new(buffers: BufferPool, observation: Arc<Observation>) -> Encoder {
        Encoder {
            deflate: shuffle_deflate::Encoder::new(),
            buffers,
            observation,
            scratch: Vec::new(),
            shuffled: Vec::new(),
            compressed: Vec::new(),
        }
    }

    /// Cuts the chunk at `corner` out of its points and compresses it.
    pub(crate) fn encode(
        &mut self,
        points: &dyn ChunkSource,
        format: &ChunkFormat,
        corner: &[u64],
    ) -> Encoded {
        let mut scratch = std::mem::take(&mut self.scratch);
        let encoded = self.encode_chunk(
            points.chunk_bytes(format, corner, &mut scratch),
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
        // Compression fails on purpose if the result would not be smaller than the chunk.
        self.encode_within(chunk.len().saturating_sub(1), chunk, format, corner)
    }

    /// Compresses the bytes of the chunk at `corner`, unless they need more than `room` bytes then.
    pub(crate) fn encode_within(
        &mut self,
        room: usize,
        chunk: &[u8],
        format: &ChunkFormat,
        corner: &[u64],
    ) -> Encoded {
        let stopwatch = self.observation.stopwatch();
        let length = self.filter(chunk, format, room);
        let result = length.map_or(chunk, |length| &self.compressed[..length]);
        let mut bytes = self.buffers.take(result.len());
        bytes.extend_from_slice(result);
        let figures = self.observation.encoder.filter(format.filter());
        figures.encoded(stopwatch, chunk.len(), bytes.len());
        Encoded {
            corner: corner.to_vec(),
            filter_mask: if length.is_some() {
                0
            } else {
                format.skip_all()
            },
            bytes,
        }
    }

    /// Runs the filters, and returns the length of the result in `compressed`. Returns `None` if the chunk should
    /// be stored without filters, because compression needs more than `room` bytes or there are none.
    fn filter(&mut self, chunk: &[u8], format: &ChunkFormat, room: usize) -> Option<usize> {
        let (size, item) = (chunk.len(), format.item);
        let compressed = &mut self.compressed;
        // What is there from the last chunk is overwritten.
        compressed.resize(size, 0);
        match format.scheme {
            CompressionScheme::None => None,
            CompressionScheme::Gzip => self.deflate(chunk, 1, room),
            CompressionScheme::GzipByteShuffle => self.deflate(chunk, item, room),
            CompressionScheme::ByteShuffle => {
                shuffle(chunk, item, compressed);
                Some(size)
            }
            CompressionScheme::BitShuffle => {
                bitshuffle(chunk, item, compressed, &mut self.shuffled);
                Some(size)
            }
            CompressionScheme::Lz4BitShuffle => {
                compressed.clear();
                bitshuffle_lz4(chunk, item, compressed, &mut self.shuffled);
                Some(compressed.len()).filter(|length| *length <= room)
            }
        }
    }

    fn deflate(&mut self, chunk: &[u8], item: usize, room: usize) -> Option<usize> {
        let room = room.min(shuffle_deflate::bound(chunk.len()));
        if room > self.compressed.len() {
            self.compressed.resize(room, 0);
        }
        let target = &mut self.compressed[..room];
        self.deflate.encode(chunk, item, target).ok()
    }
}

#[cfg(test)]
mod tests {
    use libdeflater::Decompressor;
    use shuffle_deflate::unshuffle;

    use super::*;
    use crate::chunk::{ChunkShape, FillValue, Slab, test_noise};
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
    fn noise_is_stored_without_compression() {
        let noise = test_noise(5 << 14);
        let sizes = noisy(3, |_| noise.clone());
        assert!(sizes[0] > 5 << 14, "the noise is all there");
        assert!(sizes[0] < (5 << 14) + (3 << 12), "{sizes:?}");
        assert_eq!(
            sizes[1..],
            [sizes[0]; 2],
            "the same chunk results in the same stream"
        );
    }

    #[test]
    fn noise_that_repeats_is_compressed() {
        let repeated = test_noise(5 * 1000).repeat(17);
        let sizes = noisy(3, |_| repeated.clone());
        assert!(sizes.iter().all(|&size| size < 3 << 14), "{sizes:?}");
    }
}
