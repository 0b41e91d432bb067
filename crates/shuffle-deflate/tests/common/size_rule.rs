//! How large a stream may be, for the fuzzing and for tests.

use libdeflater::{CompressionLvl, Compressor};

/// The size in bytes from which on a stream may not be larger than [`LARGEST_SHARE`] of that of libdeflate at level 1, but
/// for a few bytes of each plane, and one in [`IGNORED`] bytes of the chunk.
const COMPARED: usize = 64 << 10;
const LARGEST_SHARE: f64 = 1.1;
const BYTES_PER_PLANE: usize = 16;
const IGNORED: usize = 500;

/// Checks the length of the stream that a chunk became, which is given shuffled.
///
/// # Panics
/// If the stream is too large.
pub fn check(shuffled: &[u8], item: usize, length: usize) {
    if shuffled.len() < COMPARED {
        return;
    }
    let mut libdeflate = Compressor::new(CompressionLvl::new(1).expect("a level"));
    let mut target = vec![0; libdeflate.zlib_compress_bound(shuffled.len())];
    let by_libdeflate = libdeflate
        .zlib_compress(shuffled, &mut target)
        .expect("enough room");
    let slack = BYTES_PER_PLANE * item.min(32) + shuffled.len() / IGNORED;
    let limit = LARGEST_SHARE * by_libdeflate as f64 + slack as f64;
    assert!(
        length as f64 <= limit,
        "{} elements of {item} bytes: {length} bytes, by libdeflate {by_libdeflate}",
        shuffled.len() / item,
    );
}
