//! Streams of libdeflate, at the level that a chunk is worth.

use libdeflater::{CompressionError, CompressionLvl, Compressor};

use crate::EncodeError;
use crate::choice::SMALL_CHUNK;

/// The level for small chunks, and for others.
const THOROUGH_LEVEL: i32 = 5;
const FAST_LEVEL: i32 = 1;

/// The thorough level ignores short matches if it sees few values in the first 4 KiB, as the fewer there are, the less
/// such matches usually save. If other planes have more values, the fast level may be more than 10 % smaller. So both are
/// made of chunks of so many bytes or more that begin with fewer values than that, and of which the stream is smaller
/// than this share. See `calculate_min_match_len` and `choose_min_match_len` of libdeflate.
const COMPARED: usize = 64 << 10;
const SAMPLED: usize = 4 << 10;
const MANY_VALUES: usize = 46;
const COMPARED_PART: usize = 2;

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
        let most = shuffled.len() / COMPARED_PART;
        let may_be_compared = match thorough {
            Ok(length) => length < most,
            // It may be too large for the target and small nevertheless.
            Err(_) => target.len() < most,
        };
        if !may_be_compared || shuffled.len() < COMPARED || has_many_values(shuffled) {
            return thorough;
        }
        self.other.resize(most, 0);
        let Ok(length) = thorough else {
            // The stream of the fast level is only taken where the other one is small.
            compress_with(&mut self.thorough, shuffled, &mut self.other[..most - 1])?;
            return compress_with(&mut self.fast, shuffled, target);
        };
        let smaller = compress_with(&mut self.fast, shuffled, &mut self.other[..length - 1]);
        Ok(smaller.map_or(length, |smaller| {
            target[..smaller].copy_from_slice(&self.other[..smaller]);
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
