//! How often each byte occurs, and how many bits a code for them needs.

use crate::instruction_set::{InstructionSet, compiled_for};

/// The number of pieces of a sample, their length, and the number of bytes of a sample of much data.
const SAMPLES: usize = 64;
const SAMPLE: usize = 64;
pub(crate) const SAMPLED: usize = SAMPLES * SAMPLE;

/// How often each byte occurs.
#[derive(Clone)]
pub(crate) struct ByteCounts {
    pub counts: [u32; 256],
    pub total: u32,
}

impl ByteCounts {
    /// Counts the bytes of `data`, of which there are less than 2^32.
    pub fn of(instructions: InstructionSet, data: &[u8]) -> ByteCounts {
        ByteCounts {
            counts: count(instructions, data),
            total: data.len() as u32,
        }
    }

    /// Counts the bytes of pieces at regular distances, or all if there are few.
    pub fn of_sample(instructions: InstructionSet, data: &[u8]) -> ByteCounts {
        if data.len() <= SAMPLED {
            return ByteCounts::of(instructions, data);
        }
        let step = (data.len() - SAMPLE) / SAMPLES;
        let mut pieces = [0; SAMPLED];
        for (index, piece) in pieces.chunks_exact_mut(SAMPLE).enumerate() {
            piece.copy_from_slice(&data[index * step..][..SAMPLE]);
        }
        ByteCounts::of(instructions, &pieces)
    }

    /// Returns the counts of both parts together.
    pub fn joined(&self, other: &ByteCounts) -> ByteCounts {
        let mut counts = self.counts;
        for (count, other) in counts.iter_mut().zip(&other.counts) {
            *count = count.wrapping_add(*other);
        }
        ByteCounts {
            counts,
            total: self.total + other.total,
        }
    }

    /// Returns the most frequent byte, the lowest of several, and how often it occurs.
    pub fn most_frequent(&self) -> (u8, u32) {
        let highest = self.highest();
        let byte = self.counts.iter().position(|&count| count == highest);
        (byte.unwrap_or(0) as u8, highest)
    }

    /// Returns how often the most frequent byte occurs.
    fn highest(&self) -> u32 {
        self.counts
            .iter()
            .fold(0, |highest, &count| count.max(highest))
    }

    /// Returns the number of different bytes.
    pub fn used(&self) -> u32 {
        let used = |used: u32, &count: &u32| used.wrapping_add(u32::from(count > 0));
        self.counts.iter().fold(0, used)
    }

    /// Returns the entropy of all bytes in bits.
    pub fn entropy(&self, instructions: InstructionSet) -> f32 {
        if self.total == 0 {
            return 0.0;
        }
        let total = self.total as f32;
        total * log2(total) - sum_of_count_log2_count(instructions, &self.counts)
    }

    /// Returns about how many bits a Huffman code needs for all bytes, without its description, if their entropy
    /// is `entropy`. A code has at least one bit.
    pub fn bits(&self, entropy: f32) -> f32 {
        let highest = self.highest();
        if highest > self.total / 2 {
            let (highest, total) = (highest as f32, self.total as f32);
            entropy + highest * (1.0 - log2(total / highest))
        } else {
            entropy
        }
    }
}

/// Returns log2 of `x` >= 1 with an error of about 1e-4.
///
/// The function of the standard library may differ between platforms, and the result of the encoder
/// must not; it is also ten times slower.
#[inline(always)]
pub(crate) fn log2(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let mantissa = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000);
    // A minimax polynomial for 1 to 2.
    let polynomial = -2.786_81
        + mantissa
            * (5.046_875_6
                + mantissa
                    * (-3.492_468_3
                        + mantissa
                            * (1.593_910_3 + mantissa * (-0.404_866_7 + mantissa * 0.043_421_1))));
    exponent as f32 + polynomial
}

fn count(instructions: InstructionSet, data: &[u8]) -> [u32; 256] {
    compiled_for!(instructions, count_bytes, (data: &[u8]) -> [u32; 256])
}

/// Four tables are used in turn, because adding to a count has to wait for the last addition to it.
#[inline(always)]
fn count_bytes(data: &[u8]) -> [u32; 256] {
    let mut tables = [[0u32; 256]; 4];
    let mut words = data.chunks_exact(8);
    for word in words.by_ref() {
        let Ok(word) = <[u8; 8]>::try_from(word) else {
            break;
        };
        // One load of 8 bytes is faster than eight loads.
        let word = u64::from_le_bytes(word);
        if word == word.rotate_left(8) {
            // In sparse planes most bytes are equal.
            let count = &mut tables[0][word as usize & 0xff];
            *count = count.wrapping_add(8);
            continue;
        }
        for place in 0..8 {
            let count = &mut tables[place & 3][(word >> (8 * place)) as usize & 0xff];
            *count = count.wrapping_add(1);
        }
    }
    let [mut sums, second, third, fourth] = tables;
    for &byte in words.remainder() {
        sums[usize::from(byte)] += 1;
    }
    for (index, sum) in sums.iter_mut().enumerate() {
        *sum = sum
            .wrapping_add(second[index])
            .wrapping_add(third[index])
            .wrapping_add(fourth[index]);
    }
    sums
}

fn sum_of_count_log2_count(instructions: InstructionSet, counts: &[u32; 256]) -> f32 {
    compiled_for!(instructions, sum_logarithms, (counts: &[u32; 256]) -> f32)
}

/// The order of the additions is fixed, so that the result is the same with all instructions.
#[inline(always)]
fn sum_logarithms(counts: &[u32; 256]) -> f32 {
    let mut sums = [0.0; 8];
    for group in counts.chunks_exact(8) {
        for (sum, &count) in sums.iter_mut().zip(group) {
            // Conversion from a signed number is one instruction.
            let count = count as i32 as f32;
            *sum += count * log2(count.max(1.0));
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_close() {
        for x in (1..100_000).step_by(37).chain([1 << 24, 1 << 30]) {
            let x = x as f32;
            assert!((log2(x) - x.log2()).abs() < 3e-4, "{x}");
        }
    }

    #[test]
    fn bits_are_those_of_a_code() {
        for instructions in InstructionSet::available() {
            let bits = |data: &[u8]| {
                let counts = ByteCounts::of(instructions, data);
                counts.bits(counts.entropy(instructions))
            };
            let all: Vec<u8> = (0..=255).collect();
            assert!((bits(&all.repeat(100)) - 8.0 * 25_600.0).abs() < 10.0);
            assert!((bits(&[7; 1000]) - 1000.0).abs() < 1.0);
            assert_eq!(bits(&[]), 0.0);
            let counts = ByteCounts::of(instructions, b"abracadabra");
            assert_eq!(counts.most_frequent(), (b'a', 5));
            assert_eq!(counts.used(), 5);
        }
    }
}
