//! Chunks that a few bytes describe, for the fuzzing and for tests with the inputs that it has found.

use shuffle_deflate::unshuffle;

/// Makes a chunk by a script: the size of the elements, the size of the chunk, and then five bytes for each
/// stretch of bytes of the same kind. Stretches end at planes or anywhere. The last one is repeated for all other
/// planes.
pub fn chunk(script: &[u8]) -> Option<(Vec<u8>, usize)> {
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
