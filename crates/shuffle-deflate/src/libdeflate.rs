//! Streams of libdeflate, at the level that a chunk is worth.

use libdeflater::{CompressionError, CompressionLvl, Compressor};

use crate::EncodeError;
use crate::choice::SMALL_CHUNK;

/// The level for small chunks, and for others.
const THOROUGH_LEVEL: i32 = 5;
const FAST_LEVEL: i32 = 1;

/// The thorough level ignores short matches if it sees few values in the first 4 KiB, as the fewer there are, the less
/// such matches usually save. If other planes have more values, the fast level may be more than 10 % smaller. So both are
/// made of chunks of so many bytes or more that begin with fewer values than that. See `calculate_min_match_len` and
/// `choose_min_match_len` of libdeflate.
const COMPARED: usize = 64 << 10;
const SAMPLED: usize = 4 << 10;
const MANY_VALUES: usize = 46;

/// The two compressors.
pub(crate) struct Libdeflate {
    fast: Compressor,
    thorough: Compressor,
    /// The other one of two streams that are compared.
    other: Vec<u8>,
}

impl Libdeflate {
    pub fn new() -> Libdeflate {
        // Both levels are in range; the fallback is libdeflate's default.
        let compressor = |level| Compressor::new(CompressionLvl::new(level).unwrap_or_default());
        Libdeflate {
            fast: compressor(FAST_LEVEL),
            thorough: compressor(THOROUGH_LEVEL),
            other: Vec::new(),
        }
    }

    /// Writes a shuffled chunk as one zlib stream to the start of `target`. Returns the length of the stream.
    ///
    /// # Errors
    /// [`EncodeError::TargetTooSmall`] if the stream does not fit.
    pub fn compress(&mut self, shuffled: &[u8], target: &mut [u8]) -> Result<usize, EncodeError> {
        if shuffled.len() > SMALL_CHUNK {
            return compress_with(&mut self.fast, shuffled, target);
        }
        let thorough = compress_with(&mut self.thorough, shuffled, target);
        if shuffled.len() < COMPARED || has_many_values(shuffled) {
            return thorough;
        }
        let Ok(length) = thorough else {
            // A stream that fits is the smaller one.
            return compress_with(&mut self.fast, shuffled, target);
        };
        self.other.resize(SMALL_CHUNK, 0);
        let other = &mut self.other[..length.min(SMALL_CHUNK) - 1];
        let smaller = compress_with(&mut self.fast, shuffled, other);
        Ok(smaller.map_or(length, |smaller| {
            target[..smaller].copy_from_slice(&other[..smaller]);
            smaller
        }))
    }
}

/// Returns `true` if a chunk begins with many different bytes.
fn has_many_values(shuffled: &[u8]) -> bool {
    let mut is_there = [false; 256];
    for &byte in &shuffled[..SAMPLED.min(shuffled.len())] {
        is_there[usize::from(byte)] = true;
    }
    is_there.iter().filter(|&&there| there).count() >= MANY_VALUES
}

fn compress_with(
    compressor: &mut Compressor,
    shuffled: &[u8],
    target: &mut [u8],
) -> Result<usize, EncodeError> {
    let result = compressor.zlib_compress(shuffled, target);
    result.map_err(|CompressionError::InsufficientSpace| EncodeError::TargetTooSmall)
}
