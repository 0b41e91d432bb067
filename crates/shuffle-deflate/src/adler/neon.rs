//! The sums of Adler-32 with NEON.

use std::arch::aarch64::*;

use super::{BLOCK, BlockSums};

const WEIGHTS: [u8; 16] = [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];

/// Returns the sums of a block of [`BLOCK`] bytes.
///
/// Of each vector, `sum` gets the bytes and `weighted` the bytes times their distance from its end. A byte
/// also counts once for each byte of the following vectors: `before` is the sum of `sum` before each vector.
#[target_feature(enable = "neon")]
pub(super) fn sums(block: &[u8]) -> BlockSums {
    debug_assert_eq!(block.len(), BLOCK);
    // SAFETY: the array has 16 bytes.
    let weights = unsafe { vld1q_u8(WEIGHTS.as_ptr()) };
    let mut sum = vdupq_n_u32(0);
    let mut before = vdupq_n_u32(0);
    let mut weighted = vdupq_n_u32(0);
    for bytes in block.chunks_exact(16) {
        // SAFETY: the slice has 16 bytes.
        let bytes = unsafe { vld1q_u8(bytes.as_ptr()) };
        before = vaddq_u32(before, sum);
        sum = vpadalq_u16(sum, vpaddlq_u8(bytes));
        let low = vmull_u8(vget_low_u8(bytes), vget_low_u8(weights));
        let high = vmull_u8(vget_high_u8(bytes), vget_high_u8(weights));
        weighted = vpadalq_u16(vpadalq_u16(weighted, low), high);
    }
    BlockSums {
        sum: vaddlvq_u32(sum),
        sum_of_sums: 16 * vaddlvq_u32(before) + vaddlvq_u32(weighted),
    }
}
