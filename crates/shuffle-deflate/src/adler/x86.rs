//! The sums of Adler-32 with SSE2 and AVX2.

use std::arch::x86_64::*;

use super::{BLOCK, BlockSums};

/// Returns the sums of a block of [`BLOCK`] bytes.
///
/// Of each vector, `sum` gets the bytes and `weighted` the bytes times their distance from its end. A byte
/// also counts once for each byte of the following vectors: `before` is the sum of `sum` before each vector.
pub(super) fn sums_sse2(block: &[u8]) -> BlockSums {
    debug_assert_eq!(block.len(), BLOCK);
    // SAFETY: every x86-64 has SSE2, and the load reads the 16 bytes of a slice of that length.
    unsafe {
        let zero = _mm_setzero_si128();
        let weights_low = _mm_setr_epi16(16, 15, 14, 13, 12, 11, 10, 9);
        let weights_high = _mm_setr_epi16(8, 7, 6, 5, 4, 3, 2, 1);
        let (mut sum, mut before, mut weighted) = (zero, zero, zero);
        for bytes in block.chunks_exact(16) {
            let bytes = _mm_loadu_si128(bytes.as_ptr().cast());
            before = _mm_add_epi32(before, sum);
            sum = _mm_add_epi32(sum, _mm_sad_epu8(bytes, zero));
            let low = _mm_madd_epi16(_mm_unpacklo_epi8(bytes, zero), weights_low);
            let high = _mm_madd_epi16(_mm_unpackhi_epi8(bytes, zero), weights_high);
            weighted = _mm_add_epi32(weighted, _mm_add_epi32(low, high));
        }
        let total = |vector| {
            let mut lanes = [0u32; 4];
            _mm_storeu_si128(lanes.as_mut_ptr().cast(), vector);
            lanes.iter().map(|&lane| u64::from(lane)).sum::<u64>()
        };
        BlockSums {
            sum: total(sum),
            sum_of_sums: 16 * total(before) + total(weighted),
        }
    }
}

/// Does the same as [`sums_sse2`].
#[target_feature(enable = "avx2")]
pub(super) fn sums_avx2(block: &[u8]) -> BlockSums {
    debug_assert_eq!(block.len(), BLOCK);
    let zero = _mm256_setzero_si256();
    let ones = _mm256_set1_epi16(1);
    let weights = _mm256_setr_epi8(
        32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,
        9, 8, 7, 6, 5, 4, 3, 2, 1,
    );
    let (mut sum, mut before, mut weighted) = (zero, zero, zero);
    for bytes in block.chunks_exact(32) {
        // SAFETY: the slice has 32 bytes.
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        before = _mm256_add_epi32(before, sum);
        sum = _mm256_add_epi32(sum, _mm256_sad_epu8(bytes, zero));
        // Two products are at most 2 * 255 * 32 and fit into 16 bits.
        let pairs = _mm256_maddubs_epi16(bytes, weights);
        weighted = _mm256_add_epi32(weighted, _mm256_madd_epi16(pairs, ones));
    }
    BlockSums {
        sum: total_avx2(sum),
        sum_of_sums: 32 * total_avx2(before) + total_avx2(weighted),
    }
}

#[target_feature(enable = "avx2")]
fn total_avx2(vector: __m256i) -> u64 {
    let mut lanes = [0u32; 8];
    // SAFETY: the array has the size of the vector.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), vector) };
    lanes.iter().map(|&lane| u64::from(lane)).sum()
}
