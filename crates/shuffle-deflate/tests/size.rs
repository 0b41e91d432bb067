//! Streams are not larger than promised.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::KINDS;
use fastrand::Rng;
use libdeflater::{CompressionLvl, Compressor};
use shuffle_deflate::{Encoder, bound, shuffle, unshuffle};

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

/// Returns a chunk of these planes, which have the same length.
fn chunk_of(planes: &[Vec<u8>]) -> Vec<u8> {
    let mut chunk = vec![0; planes.len() * planes[0].len()];
    unshuffle(&planes.concat(), planes.len(), &mut chunk);
    chunk
}

/// Asserts that a large chunk of these planes is at most 10 % larger than with libdeflate.
fn assert_not_much_larger(planes: &[Vec<u8>]) {
    let relative = relative_length(&chunk_of(planes), planes.len(), 1);
    assert!(relative <= 1.1, "{relative}");
}

#[test]
fn copies_from_ever_new_distances_are_found() {
    let mut random = Rng::with_seed(1);
    let mut bytes: Vec<u8> = (0..2000).map(|_| random.u8(..)).collect();
    while bytes.len() < 390_000 {
        let from = bytes.len() - random.usize(1..bytes.len().min(40_000));
        let length = random.usize(1..250).min(bytes.len() - from);
        bytes.extend_from_within(from..from + length);
    }
    let planes: Vec<_> = bytes.chunks_exact(130_000).map(<[u8]>::to_vec).collect();
    assert_not_much_larger(&planes);
}

#[test]
fn short_periods_with_single_changes_are_found() {
    let mut random = Rng::with_seed(2);
    let row: Vec<u8> = (0..10).map(|_| random.u8(..)).collect();
    let mut plane = row.repeat(15_000);
    for byte in &mut plane {
        if random.u8(..50) == 0 {
            *byte = random.u8(..);
        }
    }
    assert_not_much_larger(&[vec![0; plane.len()], plane]);
}

#[test]
fn planes_that_hardly_vary_do_not_cost_a_header_each() {
    let mut random = Rng::with_seed(3);
    for count in [11_000, 20_000, 80_000] {
        let mut plane = vec![9; count];
        let planes: Vec<_> = (0..13)
            .map(|_| {
                for _ in 0..count / 5000 {
                    plane[random.usize(..count)] = random.u8(..);
                }
                plane.clone()
            })
            .collect();
        assert_not_much_larger(&planes);
    }
}

#[test]
fn repetitions_after_runs_are_found() {
    let mut random = Rng::with_seed(4);
    let mut plane = Vec::new();
    while plane.len() < 131_072 {
        plane.resize(plane.len() + random.usize(20..60), random.u8(..));
    }
    let row: Vec<u8> = (0..3000).map(|_| random.u8(..)).collect();
    while plane.len() < 400_000 {
        plane.extend(&row);
    }
    // The planes of noise keep the chunk from being left to libdeflate.
    let noise = || (0..plane.len()).map(|_| fastrand::u8(..)).collect();
    let planes: Vec<Vec<u8>> = vec![noise(), plane.clone()];
    let relative = relative_length(&chunk_of(&planes), 2, 1);
    assert!(relative <= 1.03, "{relative}");
}

#[test]
fn constant_parts_of_images_of_noise_are_found() {
    let mut random = Rng::with_seed(5);
    // A disc of noise in a square, as an image of the sky has it.
    let plane: Vec<u8> = (0..192 * 192i32)
        .map(|index| {
            let (x, y) = (index % 192 - 96, index / 192 - 96);
            if x * x + y * y < 90 * 90 {
                random.u8(..)
            } else {
                0xc0
            }
        })
        .collect();
    assert_not_much_larger(&[
        plane.clone(),
        plane.iter().map(|byte| byte ^ 1).collect(),
        plane,
    ]);
}

#[test]
fn repetitions_in_the_middle_of_a_segment_are_found() {
    let mut random = Rng::with_seed(6);
    let mut noise = |length| (0..length).map(|_| random.u8(..64)).collect::<Vec<u8>>();
    let row = noise(700);
    let plane = [noise(48 << 10), row.repeat(45), noise(48 << 10)].concat();
    assert_not_much_larger(&[plane.clone(), plane.iter().rev().copied().collect()]);
}

#[test]
fn words_before_a_sparse_part_are_found() {
    let mut random = Rng::with_seed(7);
    let mut plane = Vec::new();
    for bytes in [3500, 7000] {
        let words: Vec<Vec<u8>> = (0..48)
            .map(|_| (0..random.usize(1..16)).map(|_| random.u8(..)).collect())
            .collect();
        while plane.len() < bytes {
            plane.extend(&words[random.usize(..words.len())]);
            plane.push(b' ');
        }
    }
    let mut sparse = vec![0; 75_000];
    for _ in 0..15 {
        sparse[random.usize(..75_000)] = random.u8(..);
    }
    plane.extend(&sparse[plane.len()..]);
    assert_not_much_larger(&[
        plane,
        sparse.clone(),
        sparse.iter().rev().copied().collect(),
        sparse,
    ]);
}

#[test]
fn rows_of_noise_of_any_length_are_found() {
    let mut random = Rng::with_seed(8);
    for length in (20_000..25_000).step_by(41) {
        let row: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
        // The first bytes of a block are searched without gaps, and must not be what is found.
        let prefix = (0..1000).map(|_| random.u8(..)).collect::<Vec<u8>>();
        let plane: Vec<u8> = prefix
            .into_iter()
            .chain(row.into_iter().cycle())
            .take(70_000)
            .collect();
        let reversed = plane.iter().rev().copied().collect();
        assert_not_much_larger(&[plane, reversed]);
    }
}

#[test]
fn the_nearest_of_equal_repetitions_is_taken() {
    let mut random = Rng::with_seed(9);
    let ramp = (0..=255u8).cycle();
    // Most of the stream are the extra bits of distances, if these are large.
    let planes: Vec<Vec<u8>> = (0..4)
        .map(|_| {
            let start: Vec<u8> = (0..random.usize(..3000)).map(|_| random.u8(..)).collect();
            start
                .into_iter()
                .chain(ramp.clone())
                .take(260_000)
                .collect()
        })
        .collect();
    assert_not_much_larger(&planes);
}

#[test]
fn words_before_and_after_what_hardly_changes_are_found() {
    let mut random = Rng::with_seed(10);
    for (length, step) in [(4000, 45), (9000, 1_000_000), (16_000, 200)] {
        let words: Vec<Vec<u8>> = (0..length / 20)
            .map(|_| (0..random.usize(2..16)).map(|_| random.u8(..)).collect())
            .collect();
        let mut text = Vec::new();
        while text.len() < length {
            text.extend(&words[random.usize(..words.len())]);
        }
        let calm: Vec<u8> = (0..120_000).map(|index| (index / step) as u8).collect();
        let first = [&text[..], &calm].concat();
        let last = [&calm[..], &text].concat();
        let middle = [&calm[..60_000], &text, &calm[60_000..]].concat();
        for plane in [first, last, middle] {
            assert_not_much_larger(&[vec![0; plane.len()], plane]);
        }
    }
}

#[test]
fn long_copies_of_runs_are_found() {
    let mut random = Rng::with_seed(11);
    let mut plane = vec![7];
    while plane.len() < 260_000 {
        let from = plane.len() - random.usize(1..=plane.len().min(40_000));
        let length = random.usize(1..220).min(plane.len() - from);
        plane.extend_from_within(from..from + length);
        if random.bool() {
            plane.push(random.u8(..));
        }
    }
    assert_not_much_larger(&[vec![0; plane.len()], plane]);
}
