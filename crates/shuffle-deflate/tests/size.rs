//! Streams are not larger than promised.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::KINDS;
use libdeflater::{CompressionLvl, Compressor};
use shuffle_deflate::{Encoder, bound, shuffle};

/// A few bytes that the blocks of each plane may be longer, however small the stream is.
const SLACK: f64 = 16.0;

/// Returns the length of the stream, relative to that of libdeflate at a level.
fn relative_length(chunk: &[u8], item: usize, level: i32) -> f64 {
    let mut shuffled = vec![0; chunk.len()];
    shuffle(chunk, item, &mut shuffled);
    let mut target = vec![0; bound(chunk.len()) + 1000];
    let mut libdeflate = Compressor::new(CompressionLvl::new(level).expect("a level"));
    let expected = libdeflate
        .zlib_compress(&shuffled, &mut target)
        .expect("enough room");
    let length = Encoder::new()
        .encode(chunk, item, &mut target)
        .expect("enough room");
    (length as f64 - SLACK) / expected as f64
}

#[test]
fn large_chunks_are_about_as_small_as_with_libdeflate_1() {
    for kind in KINDS {
        for bytes in [200_000, 1 << 20, 4 << 20] {
            let relative = relative_length(&kind.chunk(bytes, 1), kind.item, 1);
            assert!(
                relative <= 1.03,
                "{} as {bytes} bytes: {relative}",
                kind.name
            );
        }
    }
}

#[test]
fn small_chunks_are_about_as_small_as_with_libdeflate_5() {
    for kind in KINDS {
        for bytes in [1000, 8192, 16_384, 32_768, 65_536, 131_072] {
            let relative = relative_length(&kind.chunk(bytes, 1), kind.item, 5);
            assert!(
                relative <= 1.01,
                "{} as {bytes} bytes: {relative}",
                kind.name
            );
        }
    }
}
