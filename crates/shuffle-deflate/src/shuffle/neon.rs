//! The shuffle with NEON.

use std::arch::aarch64::*;

crate::shuffle::interleaving_shuffle!("neon", uint8x16_t, 1);

#[target_feature(enable = "neon")]
#[inline]
fn zero() -> uint8x16_t {
    vdupq_n_u8(0)
}

#[target_feature(enable = "neon")]
#[inline]
fn load(bytes: &[u8], at: usize, _next: usize) -> uint8x16_t {
    let bytes = &bytes[at..at + 16];
    // SAFETY: the slice has 16 bytes.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[target_feature(enable = "neon")]
#[inline]
fn store(bytes: &mut [u8], at: usize, _next: usize, vector: uint8x16_t) {
    let bytes = &mut bytes[at..at + 16];
    // SAFETY: the slice has 16 bytes.
    unsafe { vst1q_u8(bytes.as_mut_ptr(), vector) }
}

#[target_feature(enable = "neon")]
#[inline]
fn low(first: uint8x16_t, second: uint8x16_t) -> uint8x16_t {
    vzip1q_u8(first, second)
}

#[target_feature(enable = "neon")]
#[inline]
fn high(first: uint8x16_t, second: uint8x16_t) -> uint8x16_t {
    vzip2q_u8(first, second)
}
