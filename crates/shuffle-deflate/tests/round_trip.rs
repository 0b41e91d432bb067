//! Streams are decompressed to what was encoded, by all decoders, and do not depend on the processor.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use common::KINDS;
use common::decoders::decode;
use shuffle_deflate::{EncodeError, Encoder, InstructionSet, bound, shuffle, unshuffle};

/// Encodes a chunk with all instructions, decodes it, and returns the stream.
fn checked(encoders: &mut [Encoder], chunk: &[u8], item: usize, what: &str) -> Vec<u8> {
    let mut streams = encoders.iter_mut().map(|encoder| {
        let mut stream = vec![0; bound(chunk.len())];
        let length = encoder.encode(chunk, item, &mut stream);
        stream.truncate(length.unwrap_or_else(|error| panic!("{what}: {error}")));
        stream
    });
    let stream = streams.next().expect("an encoder");
    for other in streams {
        assert!(other == stream, "{what}: instructions change the stream");
    }
    let shuffled = decode(&stream, chunk.len());
    let mut back = vec![0; chunk.len()];
    unshuffle(&shuffled, item, &mut back);
    assert!(back == chunk, "{what}");
    let mut expected = vec![0; chunk.len()];
    shuffle(chunk, item, &mut expected);
    assert!(shuffled == expected, "{what}: shuffled in another way");
    stream
}

fn encoders() -> Vec<Encoder> {
    let sets = InstructionSet::available().into_iter();
    sets.map(Encoder::with_instructions).collect()
}

#[test]
fn all_kinds_come_back_with_all_sizes_of_elements() {
    let mut encoders = encoders();
    for (seed, kind) in KINDS.iter().enumerate() {
        for item in 1..=17 {
            for bytes in [65_535, 65_536, 65_537, 200_000 + item / 2] {
                let chunk = kind.chunk(bytes, seed as u64);
                let what = format!("{} as {bytes} bytes with items of {item}", kind.name);
                checked(&mut encoders, &chunk, item, &what);
            }
        }
    }
}

#[test]
fn all_kinds_come_back_with_all_sizes_of_chunks() {
    let mut encoders = encoders();
    for kind in KINDS {
        let item = kind.item;
        let sizes = [
            0,
            1,
            item,
            item + 1,
            1000,
            16_383,
            16_384,
            131_071,
            131_072,
            131_073,
        ]
        .into_iter()
        .chain([(1 << 20) - 1, 1 << 20, (1 << 20) + 7]);
        for bytes in sizes {
            let chunk = kind.chunk(bytes, 5);
            checked(
                &mut encoders,
                &chunk,
                item,
                &format!("{} as {bytes} bytes", kind.name),
            );
        }
    }
}

#[test]
fn elements_of_any_size_come_back() {
    let mut encoders = encoders();
    let chunk = KINDS[1].chunk(300_000, 1);
    for item in [0, 31, 32, 33, 100, 1000, 299_999, 300_000, 300_001] {
        checked(&mut encoders, &chunk, item, &format!("items of {item}"));
    }
}

#[test]
fn planes_of_different_kinds_come_back_together() {
    let mut encoders = encoders();
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let item = random.usize(1..=12);
        let count = random.usize(8000..60_000);
        let mut chunk = vec![0; count * item + random.usize(..item)];
        for place in 0..item {
            let kind = random.choice(KINDS).expect("a kind");
            // A plane may change its kind at any place.
            let other = random.choice(KINDS).expect("a kind");
            let (plane, rest) = (kind.chunk(count, seed), other.chunk(count, seed));
            let change = random.usize(..count);
            for index in 0..count {
                let plane = if index < change { &plane } else { &rest };
                chunk[index * item + place] = plane[index];
            }
        }
        checked(&mut encoders, &chunk, item, &format!("seed {seed}"));
    }
}

#[test]
fn the_same_chunk_becomes_the_same_stream_whatever_was_before() {
    let mut encoder = Encoder::new();
    let mut encode = |chunk: &[u8], item| {
        let mut target = vec![0; bound(chunk.len())];
        let length = encoder
            .encode(chunk, item, &mut target)
            .expect("enough room");
        target.truncate(length);
        target
    };
    for bytes in [9_999, 100_000, 1 << 20] {
        let chunks: Vec<_> = KINDS.iter().map(|kind| kind.chunk(bytes, 9)).collect();
        let alone: Vec<_> = KINDS
            .iter()
            .zip(&chunks)
            .map(|(kind, chunk)| {
                let mut target = vec![0; bound(bytes)];
                let length = Encoder::new().encode(chunk, kind.item, &mut target);
                target.truncate(length.expect("enough room"));
                target
            })
            .collect();
        for (index, kind) in KINDS.iter().enumerate() {
            let first = encode(&chunks[index], kind.item);
            let again = encode(&chunks[index], kind.item);
            assert!(
                first == again && first == alone[index],
                "{} as {bytes} bytes",
                kind.name
            );
        }
    }
}

#[test]
fn a_target_that_is_too_small_is_refused() {
    const GUARD: usize = 64;
    let mut encoder = Encoder::new();
    let mut check = |chunk: &[u8], item: usize, lengths: &mut dyn Iterator<Item = usize>| {
        let mut stream = vec![0; bound(chunk.len())];
        let length = encoder
            .encode(chunk, item, &mut stream)
            .expect("enough room");
        stream.truncate(length);
        for room in lengths.take_while(|&room| room < length) {
            let mut target = vec![0xa5; room + GUARD];
            let result = encoder.encode(chunk, item, &mut target[..room]);
            assert_eq!(
                result,
                Err(EncodeError::TargetTooSmall),
                "{room} of {length}"
            );
            assert!(
                target[room..].iter().all(|&byte| byte == 0xa5),
                "{room} of {length}"
            );
        }
        let mut target = vec![0xa5; length + GUARD];
        assert_eq!(
            encoder.encode(chunk, item, &mut target[..length]),
            Ok(length)
        );
        assert!(target[..length] == stream);
        assert!(target[length..].iter().all(|&byte| byte == 0xa5));
    };
    for kind in KINDS {
        check(&kind.chunk(300, 1), kind.item, &mut (0..));
        // One plane, so that small chunks are not left to libdeflate.
        check(&kind.chunk(8192, 1), 1, &mut (0..).step_by(7));
        check(
            &kind.chunk(200_000, 1),
            kind.item,
            &mut (0..).step_by(10_007),
        );
    }
    // A block for a constant plane has few bytes, and each of them can be the last one that fits.
    check(&[7; 300_000], 4, &mut (0..));
    check(&[1, 2, 3, 4].repeat(75_000), 4, &mut (0..));
}

#[test]
fn no_stream_is_longer_than_the_bound() {
    let mut encoder = Encoder::new();
    for item in [1, 2, 7, 32] {
        for bytes in [0, 1, 100, 8192 * item, 100_000, 1_000_000] {
            let mut random = fastrand::Rng::with_seed(2);
            let chunk: Vec<u8> = (0..bytes).map(|_| random.u8(..)).collect();
            let mut target = vec![0; bound(bytes)];
            encoder
                .encode(&chunk, item, &mut target)
                .expect("enough room");
        }
    }
}

#[test]
fn a_trial_leaves_the_block_before_it_alone() {
    let mut random = fastrand::Rng::with_seed(9);
    let row: Vec<u8> = (0..1000).map(|_| random.u8(..)).collect();
    // Rows are searched for matches. The part behind them promises matches, too, but one byte prevails there.
    let mut chunk: Vec<u8> = row.iter().copied().cycle().take(131_072).collect();
    let mut part = vec![0; 1000];
    part[300..400].copy_from_slice(&row[..100]);
    while chunk.len() < 400_000 {
        chunk.extend(&part);
    }
    checked(&mut encoders(), &chunk, 1, "rows and a sparse part");
}
