//! Chunks of planes of all kinds: their streams are decoded by three decoders, do not depend on the processor, fit
//! where they fit exactly, and are not much larger than those of libdeflate.
#![no_main]

use std::cell::RefCell;
use std::io::Read;

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use libfuzzer_sys::fuzz_target;
use shuffle_deflate::{
    EncodeError, Encoder, InstructionSet, bound, shuffle, shuffle_with, unshuffle, unshuffle_with,
};

/// The size in bytes from which on a stream may not be larger than [`LARGEST_SHARE`] of that of libdeflate, but
/// for a few bytes of each plane, and one in [`IGNORED`] bytes of the chunk.
const COMPARED: usize = 64 << 10;
const LARGEST_SHARE: f64 = 1.1;
const BYTES_PER_PLANE: usize = 16;
const IGNORED: usize = 500;

thread_local! {
    static ENCODERS: RefCell<Vec<(InstructionSet, Encoder)>> = RefCell::new(
        InstructionSet::available()
            .into_iter()
            .map(|set| (set, Encoder::with_instructions(set)))
            .collect(),
    );
}

fuzz_target!(|script: &[u8]| {
    let Some((chunk, item)) = chunk(script) else {
        return;
    };
    let mut shuffled = vec![0; chunk.len()];
    shuffle(&chunk, item, &mut shuffled);
    ENCODERS.with_borrow_mut(|encoders| check(encoders, &chunk, item, &shuffled));
});

fn check(encoders: &mut [(InstructionSet, Encoder)], chunk: &[u8], item: usize, shuffled: &[u8]) {
    let mut first: Option<Vec<u8>> = None;
    for (set, encoder) in encoders {
        let mut other = vec![0; chunk.len()];
        shuffle_with(*set, chunk, item, &mut other);
        assert!(other == shuffled, "{set:?} shuffles in another way");
        unshuffle_with(*set, shuffled, item, &mut other);
        assert!(other == chunk, "{set:?} does not undo the shuffle");

        let mut stream = vec![0; bound(chunk.len())];
        let length = encoder
            .encode(chunk, item, &mut stream)
            .expect("the bound is enough");
        stream.truncate(length);
        match &first {
            None => {
                fits_exactly(encoder, chunk, item, &stream);
                first = Some(stream);
            }
            Some(first) => assert!(*first == stream, "{set:?} makes another stream"),
        }
    }
    let stream = first.expect("an instruction set");
    decode(&stream, shuffled);
    let mut back = vec![0; chunk.len()];
    unshuffle(shuffled, item, &mut back);
    assert!(back == chunk);
    if chunk.len() >= COMPARED {
        let mut libdeflate = Compressor::new(CompressionLvl::new(1).expect("a level"));
        let mut target = vec![0; libdeflate.zlib_compress_bound(chunk.len())];
        let length = libdeflate
            .zlib_compress(shuffled, &mut target)
            .expect("enough room");
        let slack = BYTES_PER_PLANE * item.min(32) + chunk.len() / IGNORED;
        let limit = LARGEST_SHARE * length as f64 + slack as f64;
        assert!(
            stream.len() as f64 <= limit,
            "{} elements of {item} bytes: {} bytes, by libdeflate {length}",
            chunk.len() / item,
            stream.len(),
        );
    }
}

/// A target of the length of the stream is enough, and a shorter one is refused.
fn fits_exactly(encoder: &mut Encoder, chunk: &[u8], item: usize, stream: &[u8]) {
    for room in [stream.len(), stream.len() - 1, stream.len() / 2] {
        let mut target = vec![0xa5; room + 32];
        let result = encoder.encode(chunk, item, &mut target[..room]);
        if room == stream.len() {
            assert_eq!(result, Ok(room));
            assert!(
                target[..room] == *stream,
                "the same chunk makes another stream"
            );
        } else {
            assert_eq!(result, Err(EncodeError::TargetTooSmall));
        }
        assert!(target[room..].iter().all(|&byte| byte == 0xa5));
    }
}

fn decode(stream: &[u8], expected: &[u8]) {
    let mut decoded = vec![0; expected.len()];
    let length = Decompressor::new().zlib_decompress(stream, &mut decoded);
    assert!(
        length == Ok(expected.len()) && decoded == expected,
        "libdeflate: {length:?}"
    );

    let mut decoded = Vec::new();
    let mut zlib = flate2::bufread::ZlibDecoder::new(stream);
    zlib.read_to_end(&mut decoded).expect("zlib");
    assert!(
        decoded == expected && zlib.total_in() == stream.len() as u64,
        "zlib"
    );

    let decoded = miniz_oxide::inflate::decompress_to_vec_zlib(stream).expect("miniz_oxide");
    assert!(decoded == expected, "miniz_oxide");
}

/// Makes a chunk by a script: the size of the elements, the size of the chunk, and then five bytes for each
/// stretch of bytes of the same kind. Stretches end at planes or anywhere. The last one is repeated for all other
/// planes.
fn chunk(script: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [item, class, size, seed, stretches @ ..] = script else {
        return None;
    };
    let item = match item {
        0..=239 => 1 + usize::from(item % 17),
        _ => 25 + usize::from(item - 240),
    };
    // Large chunks take long, so that they are rare.
    let unit = match class {
        0..=31 => 1,
        32..=95 => 37,
        96..=223 => 700,
        224..=251 => 1500,
        _ => 4100,
    };
    let length = usize::from(*size) * unit + usize::from(class % 16);
    let count = length / item;
    let mut random = Random(u64::from(*seed));
    let mut stretches = stretches.chunks_exact(5).peekable();
    let mut stretch: &[u8] = &[2, 0, 0, 0, 0];
    let mut planes = Vec::with_capacity(length);
    while planes.len() < count * item {
        if let Some(next) = stretches.next() {
            stretch = next;
        }
        let [kind, first, second, low, high] = *stretch else {
            break;
        };
        let left = count - planes.len() % count;
        let share = usize::from(u16::from_le_bytes([low, high]));
        let is_repeated = stretches.peek().is_none();
        let end = if high > 250 || is_repeated {
            left
        } else {
            (share * left).div_ceil(1 << 16).max(1)
        };
        let end = planes.len() + end;
        fill(&mut planes, end, (kind, first, second), count, &mut random);
        planes.truncate(count * item);
    }
    // Tail bytes, and elements of planes.
    planes.resize_with(length, || random.byte());
    let mut chunk = vec![0; length];
    unshuffle(&planes, item, &mut chunk);
    Some((chunk, item))
}

/// Appends bytes of a kind up to `end`.
fn fill(
    bytes: &mut Vec<u8>,
    end: usize,
    (kind, first, second): (u8, u8, u8),
    count: usize,
    random: &mut Random,
) {
    let (one, two) = (usize::from(first), usize::from(second));
    match kind % 14 {
        0 => bytes.resize(end, first),
        1 => bytes.resize_with(end, || random.byte()),
        // Some values, of about the same frequency.
        2 => bytes.resize_with(end, || second.wrapping_add(random.below(one + 1) as u8)),
        // One value prevails.
        3 => bytes.resize_with(end, || {
            if random.below(2 + one * one / 16) == 0 {
                random.byte()
            } else {
                second
            }
        }),
        // A ramp, of steps that last for a while.
        4 => {
            let mut index = 0;
            let mut value = second;
            bytes.resize_with(end, || {
                index += 1;
                if index % (1 + one) == 0 {
                    value = value.wrapping_add(1);
                }
                value
            });
        }
        // The same with irregular steps.
        5 => {
            let mut value = second;
            bytes.resize_with(end, || {
                value = value.wrapping_add(u8::from(random.below(1 + one) == 0));
                value
            });
        }
        // A period, which is disturbed now and then.
        6 => {
            let period = 1 + one * (1 + two % 128);
            let disturbed = if second < 128 {
                usize::MAX
            } else {
                20 + 10 * one
            };
            let row: Vec<u8> = (0..period).map(|_| random.byte()).collect();
            let mut index = 0;
            bytes.resize_with(end, || {
                index += 1;
                if random.below(disturbed) == 0 {
                    random.byte()
                } else {
                    row[index % period]
                }
            });
        }
        // Pieces of what was before.
        7 => {
            while bytes.len() < end {
                let from = bytes.len().saturating_sub(1 + random.below(40_000));
                let length = (1 + random.below(1 + one))
                    .min(bytes.len() - from)
                    .min(end - bytes.len());
                if length == 0 {
                    bytes.push(second);
                } else {
                    bytes.extend_from_within(from..from + length);
                }
                if random.below(2 + two) == 0 {
                    bytes.push(random.byte());
                }
            }
        }
        // The plane before, or with few changes.
        8 => {
            while bytes.len() < end {
                let before = bytes.len().checked_sub(count.max(1));
                let byte = before.map_or(second, |before| bytes[before]);
                let changed = first > 0 && random.below(1 + 64 * one) == 0;
                bytes.push(if changed { random.byte() } else { byte });
            }
        }
        // Frequencies that fall by half.
        9 => bytes.resize_with(end, || {
            (random.next().trailing_zeros() as u8).wrapping_mul(first | 1)
        }),
        // Runs of lengths around the limits of the format.
        10 => {
            const LENGTHS: [usize; 12] = [1, 2, 3, 4, 5, 13, 257, 258, 259, 260, 516, 519];
            while bytes.len() < end {
                let length = LENGTHS[random.below(LENGTHS.len())];
                let value = random.below(2 + one % 8) as u8;
                bytes.resize((bytes.len() + length).min(end), value);
            }
        }
        // Frequencies that change slowly.
        11 => {
            let mut width = 1.0f64;
            bytes.resize_with(end, || {
                width = (width * (1.0 + f64::from(first) * 1e-5)).min(255.0);
                random.below(width as usize + 1) as u8
            });
        }
        // Words.
        12 => {
            let words: Vec<Vec<u8>> = (0..2 + 4 * one)
                .map(|_| {
                    (0..1 + random.below(3 + two % 16))
                        .map(|_| random.byte())
                        .collect()
                })
                .collect();
            while bytes.len() < end {
                bytes.extend(&words[random.below(words.len())]);
                bytes.push(b' ');
            }
        }
        // Counts with peaks at regular places.
        _ => {
            let mut index = 0;
            let period = 64 + 16 * one;
            bytes.resize_with(end, || {
                index += 1;
                let width = if index % period < period / 16 {
                    2 + two
                } else {
                    2
                };
                random.below(width) as u8
            });
        }
    }
    bytes.truncate(end);
}

/// A generator of random numbers (splitmix64): the chunk depends on nothing but the script.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 56) as u8
    }

    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}
