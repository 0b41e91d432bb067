//! Adler-32, the checksum of a zlib stream (RFC 1950, section 8.2).

use crate::InstructionSet;
use crate::instruction_set::Kind;

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod x86;

const MODULUS: u32 = 65_521;

/// The number of bytes after which the sums are reduced, at the latest: 32-bit sums cannot overflow
/// before, and it is a multiple of the size of all vectors.
const BLOCK: usize = 5504;

/// The checksum of the bytes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Adler {
    /// One more than the sum of the bytes, modulo [`MODULUS`].
    sum: u32,
    /// The sum of `sum` after each byte, modulo [`MODULUS`].
    sum_of_sums: u32,
}

/// What a block of [`BLOCK`] bytes adds to the sums, when they are zero.
struct BlockSums {
    sum: u64,
    sum_of_sums: u64,
}

impl Adler {
    pub fn new() -> Adler {
        Adler {
            sum: 1,
            sum_of_sums: 0,
        }
    }

    /// Takes in more bytes.
    pub fn update(&mut self, instructions: InstructionSet, data: &[u8]) {
        let mut blocks = data.chunks_exact(BLOCK);
        match instructions.kind() {
            Kind::Portable => {}
            #[cfg(target_arch = "x86_64")]
            Kind::Sse2 => blocks
                .by_ref()
                .for_each(|block| self.add(x86::sums_sse2(block))),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => blocks.by_ref().for_each(|block| {
                // SAFETY: an `InstructionSet` of this kind exists only where the processor has AVX2.
                self.add(unsafe { x86::sums_avx2(block) });
            }),
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => blocks.by_ref().for_each(|block| {
                // SAFETY: an `InstructionSet` of this kind exists only where the processor has NEON.
                self.add(unsafe { neon::sums(block) });
            }),
        }
        blocks.for_each(|block| self.add_bytes(block));
        self.add_bytes(data.chunks_exact(BLOCK).remainder());
    }

    /// Takes in `length` times the same byte.
    pub fn update_repeated(&mut self, byte: u8, length: u64) {
        let modulus = u64::from(MODULUS);
        // The sum of 1 to `length`; the even one of the two factors is halved.
        let (half, other) = if length.is_multiple_of(2) {
            (length / 2, length + 1)
        } else {
            (length, length / 2 + 1)
        };
        let triangle = (half % modulus) * (other % modulus) % modulus;
        let length = length % modulus;
        let (sum, byte) = (u64::from(self.sum), u64::from(byte));
        let sum_of_sums = u64::from(self.sum_of_sums) + length * sum + triangle * byte;
        self.sum_of_sums = (sum_of_sums % modulus) as u32;
        self.sum = ((sum + length * byte) % modulus) as u32;
    }

    /// Returns the checksum.
    pub fn value(&self) -> u32 {
        (self.sum_of_sums << 16) | self.sum
    }

    fn add(&mut self, block: BlockSums) {
        let modulus = u64::from(MODULUS);
        let before = BLOCK as u64 * u64::from(self.sum);
        let sum_of_sums = u64::from(self.sum_of_sums) + before + block.sum_of_sums;
        self.sum_of_sums = (sum_of_sums % modulus) as u32;
        self.sum = ((u64::from(self.sum) + block.sum) % modulus) as u32;
    }

    /// Takes in at most [`BLOCK`] bytes.
    fn add_bytes(&mut self, data: &[u8]) {
        for &byte in data {
            self.sum = self.sum.wrapping_add(u32::from(byte));
            self.sum_of_sums = self.sum_of_sums.wrapping_add(self.sum);
        }
        self.sum %= MODULUS;
        self.sum_of_sums %= MODULUS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_libdeflate() {
        let random: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
            .take(100_000)
            .collect();
        let highest = vec![255; 100_000];
        for instructions in InstructionSet::available() {
            for length in [0, 1, 31, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 99_999] {
                for data in [&random[..length], &highest[..length]] {
                    let mut adler = Adler::new();
                    adler.update(instructions, data);
                    assert_eq!(adler.value(), libdeflater::adler32(data));
                    adler.update(instructions, &random);
                    let joined = [data, &random].concat();
                    assert_eq!(
                        adler.value(),
                        libdeflater::adler32(&joined),
                        "{instructions:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_repeated_byte_counts_like_all_of_them() {
        for byte in [0, 1, 200, 255] {
            for length in [0, 1, 2, 65_520, 65_521, 65_522, 1_000_003] {
                let mut adler = Adler::new();
                adler.update(InstructionSet::PORTABLE, b"before");
                let mut bytes = adler;
                adler.update_repeated(byte, length);
                bytes.update(InstructionSet::PORTABLE, &vec![byte; length as usize]);
                assert_eq!(adler, bytes, "{length} times {byte}");
            }
        }
    }
}
