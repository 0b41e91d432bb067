//! Compares 16 bytes at a time and returns a set of bits.

/// Compares bytes, with the instructions of one kind.
pub(crate) trait EqualBytes {
    /// Returns the set of places at which both have the same byte: the lowest bit stands for the first.
    fn equal(first: &[u8; 16], second: &[u8; 16]) -> u16;

    /// Does the same for 64 bytes.
    #[inline(always)]
    fn equal_64(first: &[u8; 64], second: &[u8; 64]) -> u64 {
        let (first, second) = (first.as_chunks::<16>().0, second.as_chunks::<16>().0);
        let part = |index: usize| u64::from(Self::equal(&first[index], &second[index]));
        part(0) | (part(1) << 16) | (part(2) << 32) | (part(3) << 48)
    }
}

/// Needs no vectors.
pub(crate) struct Portable;

impl EqualBytes for Portable {
    #[inline(always)]
    fn equal(first: &[u8; 16], second: &[u8; 16]) -> u16 {
        let differences = u128::from_le_bytes(*first) ^ u128::from_le_bytes(*second);
        let low = zero_bytes(differences as u64);
        let high = zero_bytes((differences >> 64) as u64);
        u16::from(low) | (u16::from(high) << 8)
    }
}

/// Returns the set of bytes that are zero.
#[inline(always)]
fn zero_bytes(word: u64) -> u8 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // The highest bit of each byte is set where any bit of it is: the sum does not leave the byte.
    let nonzero = ((word & LOW_BITS).wrapping_add(LOW_BITS) | word) & !LOW_BITS;
    // Of the product, the highest byte collects these bits: that of byte k is moved to bit 56 + k.
    let collected = (nonzero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    !(collected as u8)
}

/// Needs SSE2, which every x86-64 has.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Sse2;

#[cfg(target_arch = "x86_64")]
impl EqualBytes for Sse2 {
    #[inline(always)]
    fn equal(first: &[u8; 16], second: &[u8; 16]) -> u16 {
        use std::arch::x86_64::*;
        // SAFETY: every x86-64 has SSE2, and the loads read the 16 bytes of an array.
        unsafe {
            let first = _mm_loadu_si128(first.as_ptr().cast());
            let second = _mm_loadu_si128(second.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(first, second)) as u16
        }
    }
}

/// Needs NEON, which every target of Rust for aarch64 with a standard library has.
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub(crate) struct Neon;

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
impl EqualBytes for Neon {
    #[inline(always)]
    fn equal(first: &[u8; 16], second: &[u8; 16]) -> u16 {
        use std::arch::aarch64::*;
        const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        // SAFETY: the target has NEON, and the loads read the 16 bytes of an array.
        unsafe {
            let equal = vceqq_u8(vld1q_u8(first.as_ptr()), vld1q_u8(second.as_ptr()));
            let bits = vandq_u8(equal, vld1q_u8(BITS.as_ptr()));
            // Each half of the vector sums up to one byte.
            let halves = vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(bits)));
            (vgetq_lane_u64(halves, 0) | (vgetq_lane_u64(halves, 1) << 8)) as u16
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<E: EqualBytes>() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..10_000 {
            let first: [u8; 16] = std::array::from_fn(|_| random.u8(..));
            let second = first.map(|byte| match random.u8(..4) {
                0 => byte ^ (1 << random.u32(..8)),
                1 => random.u8(..),
                _ => byte,
            });
            let expected = (0..16).fold(0, |set, place| {
                set | (u16::from(first[place] == second[place]) << place)
            });
            assert_eq!(E::equal(&first, &second), expected);
        }
    }

    #[test]
    fn the_bits_are_the_places_of_equal_bytes() {
        check::<Portable>();
        #[cfg(target_arch = "x86_64")]
        check::<Sse2>();
        #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
        check::<Neon>();
    }
}
