//! The bit shuffle: the lowest bits of all elements, then their second bits and so on.
//!
//! A matrix of 8 x 8 bits is transposed as one word, which the compiler makes vectors of. What is left is to bring bytes
//! into another order, before and after that, and both are shuffles of bytes, for which there are vectors.

use crate::InstructionSet;
use crate::instruction_set::compiled_for;
use crate::shuffle::{shuffle_with, unshuffle_with};

/// The number of elements whose bits at one place fill a byte.
const GROUP: usize = 8;

/// Writes the bits of `source`, ordered by their place in an element of `item` bytes, to the start of `target`. The bits
/// at one place fill bytes from the lowest bit on. Elements after the last multiple of eight stay at the end, as do bytes
/// after the last whole element. `scratch` is scratch memory and grows if necessary.
///
/// This is a block of the filter of <https://github.com/kiyo-masui/bitshuffle>. How chunks are divided into blocks is not
/// the matter of this function.
///
/// # Panics
/// If `target` is shorter than `source`.
///
/// # Examples
/// ```
/// let mut bits = [0; 8];
/// shuffle_deflate::bit_shuffle(&[1, 0, 3, 0, 0, 0, 0, 0x81], 1, &mut bits, &mut Vec::new());
/// assert_eq!(bits, [0b1000_0101, 0b100, 0, 0, 0, 0, 0, 0b1000_0000]);
/// ```
pub fn bit_shuffle(source: &[u8], item: usize, target: &mut [u8], scratch: &mut Vec<u8>) {
    bit_shuffle_with(InstructionSet::detect(), source, item, target, scratch);
}

/// Does the same as [`bit_shuffle()`] with the instructions of a set.
///
/// # Panics
/// If `target` is shorter than `source`.
pub fn bit_shuffle_with(
    instructions: InstructionSet,
    source: &[u8],
    item: usize,
    target: &mut [u8],
    scratch: &mut Vec<u8>,
) {
    let target = &mut target[..source.len()];
    let (elements, rest) = source.split_at(ordered(source.len(), item));
    let (bits, target_rest) = target.split_at_mut(elements.len());
    target_rest.copy_from_slice(rest);
    let Some(plane) = plane_length(elements.len(), item) else {
        return;
    };
    scratch.resize(elements.len(), 0);
    shuffle_with(instructions, elements, item, scratch);
    transpose(instructions, scratch);
    for (words, rows) in scratch
        .chunks_exact(plane)
        .zip(bits.chunks_exact_mut(plane))
    {
        shuffle_with(instructions, words, GROUP, rows);
    }
}

/// Reverses [`bit_shuffle()`].
///
/// # Panics
/// If `target` is shorter than `source`.
///
/// # Examples
/// ```
/// let mut elements = [0; 8];
/// let bits = [0b1000_0101, 0b100, 0, 0, 0, 0, 0, 0b1000_0000];
/// shuffle_deflate::bit_unshuffle(&bits, 1, &mut elements, &mut Vec::new());
/// assert_eq!(elements, [1, 0, 3, 0, 0, 0, 0, 0x81]);
/// ```
pub fn bit_unshuffle(source: &[u8], item: usize, target: &mut [u8], scratch: &mut Vec<u8>) {
    bit_unshuffle_with(InstructionSet::detect(), source, item, target, scratch);
}

/// Does the same as [`bit_unshuffle()`] with the instructions of a set.
///
/// # Panics
/// If `target` is shorter than `source`.
pub fn bit_unshuffle_with(
    instructions: InstructionSet,
    source: &[u8],
    item: usize,
    target: &mut [u8],
    scratch: &mut Vec<u8>,
) {
    let target = &mut target[..source.len()];
    let (bits, rest) = source.split_at(ordered(source.len(), item));
    let (elements, target_rest) = target.split_at_mut(bits.len());
    target_rest.copy_from_slice(rest);
    let Some(plane) = plane_length(bits.len(), item) else {
        return;
    };
    scratch.resize(bits.len(), 0);
    for (rows, words) in bits
        .chunks_exact(plane)
        .zip(scratch.chunks_exact_mut(plane))
    {
        unshuffle_with(instructions, rows, GROUP, words);
    }
    transpose(instructions, scratch);
    unshuffle_with(instructions, scratch, item, elements);
}

/// Returns the number of bytes whose bits are ordered.
fn ordered(length: usize, item: usize) -> usize {
    let item = item.max(1);
    length / item / GROUP * GROUP * item
}

/// Returns the number of bytes of a plane: one byte of each element. Returns `None` if there are no elements.
fn plane_length(length: usize, item: usize) -> Option<usize> {
    Some(length / item.max(1)).filter(|&plane| plane > 0)
}

/// Transposes all matrices of 8 x 8 bits.
fn transpose(instructions: InstructionSet, bytes: &mut [u8]) {
    compiled_for!(instructions, transpose_words, (bytes: &mut [u8]))
}

#[inline(always)]
fn transpose_words(bytes: &mut [u8]) {
    for word in bytes.as_chunks_mut::<8>().0 {
        *word = transposed(u64::from_le_bytes(*word)).to_le_bytes();
    }
}

/// Returns the transpose of a matrix of 8 x 8 bits (Hacker's Delight, 7-3).
#[inline(always)]
fn transposed(rows: u64) -> u64 {
    let mut x = rows;
    for (shift, mask) in [
        (7, 0x00aa_00aa_00aa_00aa),
        (14, 0x0000_cccc_0000_cccc),
        (28, 0x0000_0000_f0f0_f0f0),
    ] {
        let moved = (x ^ (x >> shift)) & mask;
        x ^= moved ^ (moved << shift);
    }
    x
}
