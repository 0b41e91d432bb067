//! Streams of libdeflate, at the level that a chunk is worth.

use libdeflater::{CompressionError, CompressionLvl, Compressor};

use crate::EncodeError;
use crate::choice::SMALL_CHUNK;

/// The level for small chunks, and for others.
const THOROUGH_LEVEL: i32 = 5;
const FAST_LEVEL: i32 = 1;

/// A small chunk of so many bytes or more that becomes smaller than this share of its size at the thorough level may be
/// more than 10 % smaller at the fast one, which takes nearer matches in slow ramps. Both are made then.
const COMPARED: usize = 64 << 10;
const COMPARED_PART: usize = 8;

/// The two compressors.
pub(crate) struct Libdeflate {
    fast: Compressor,
    thorough: Compressor,
}

impl Libdeflate {
    pub fn new() -> Libdeflate {
        // Both levels are in range; the fallback is libdeflate's default.
        let compressor = |level| Compressor::new(CompressionLvl::new(level).unwrap_or_default());
        Libdeflate {
            fast: compressor(FAST_LEVEL),
            thorough: compressor(THOROUGH_LEVEL),
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
        let is_compared = shuffled.len() >= COMPARED
            && match thorough {
                Ok(length) => length < most,
                // It may be too large for the target and small nevertheless.
                Err(_) => target.len() < most,
            };
        if !is_compared {
            return thorough;
        }
        let mut other = [0; SMALL_CHUNK / COMPARED_PART];
        if let Ok(length) = thorough {
            let smaller = compress_with(&mut self.fast, shuffled, &mut other[..length - 1]);
            return Ok(smaller.map_or(length, |smaller| {
                target[..smaller].copy_from_slice(&other[..smaller]);
                smaller
            }));
        }
        // The stream of the fast level is only taken where the other one is small.
        compress_with(&mut self.thorough, shuffled, &mut other[..most - 1])?;
        compress_with(&mut self.fast, shuffled, target)
    }
}

fn compress_with(
    compressor: &mut Compressor,
    shuffled: &[u8],
    target: &mut [u8],
) -> Result<usize, EncodeError> {
    let result = compressor.zlib_compress(shuffled, target);
    result.map_err(|CompressionError::InsufficientSpace| EncodeError::TargetTooSmall)
}
