//! The shuffle filter (HDF5's filter 2): all first bytes of the elements, then all second bytes and so on.
//!
//! The bytes at one place in all elements are a *plane*. Vectors are transposed by interleaving alone: for
//! elements of `2^k` bytes, the index of a byte in a group of 16 elements has 4 bits for the element and k
//! for the place in it. Interleaving the first half of a list of vectors with its second half rotates the
//! index of every byte by one bit. After four rounds the places have come before the elements; k more
//! rounds, or k rounds alone, undo it.

use crate::InstructionSet;
use crate::instruction_set::{Kind, compiled_for};

#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

/// The size of the largest element whose planes are told apart by [`varying_planes`].
pub(crate) const MAX_PLANES: usize = 32;

/// Writes the bytes of `source`, ordered by their place in an element of `item` bytes, to the start of
/// `target`. Bytes after the last whole element stay at the end. With an `item` of 0 or 1 the bytes are
/// copied.
///
/// # Panics
/// If `target` is shorter than `source`.
///
/// # Examples
/// ```
/// let mut shuffled = [0; 7];
/// shuffle_deflate::shuffle(b"aAbBcC!", 2, &mut shuffled);
/// assert_eq!(&shuffled, b"abcABC!");
/// ```
pub fn shuffle(source: &[u8], item: usize, target: &mut [u8]) {
    shuffle_with(InstructionSet::detect(), source, item, target);
}

/// Does the same as [`shuffle()`] with the instructions of a set.
///
/// # Panics
/// If `target` is shorter than `source`.
pub fn shuffle_with(instructions: InstructionSet, source: &[u8], item: usize, target: &mut [u8]) {
    let target = &mut target[..source.len()];
    let count = source.len() / item.max(1);
    if item <= 1 || count <= 1 {
        target.copy_from_slice(source);
        return;
    }
    let (elements, tail) = source.split_at(count * item);
    let (planes, target_tail) = target.split_at_mut(count * item);
    target_tail.copy_from_slice(tail);
    if item <= MAX_PLANES {
        gather_planes(instructions, elements, item, all_planes(item), planes);
    } else {
        portable::shuffle_large(elements, item, planes);
    }
}

/// Reverses [`shuffle()`].
///
/// # Panics
/// If `target` is shorter than `source`.
///
/// # Examples
/// ```
/// let mut elements = [0; 7];
/// shuffle_deflate::unshuffle(b"abcABC!", 2, &mut elements);
/// assert_eq!(&elements, b"aAbBcC!");
/// ```
pub fn unshuffle(source: &[u8], item: usize, target: &mut [u8]) {
    unshuffle_with(InstructionSet::detect(), source, item, target);
}

/// Does the same as [`unshuffle()`] with the instructions of a set.
///
/// # Panics
/// If `target` is shorter than `source`.
pub fn unshuffle_with(instructions: InstructionSet, source: &[u8], item: usize, target: &mut [u8]) {
    let target = &mut target[..source.len()];
    let count = source.len() / item.max(1);
    if item <= 1 || count <= 1 {
        target.copy_from_slice(source);
        return;
    }
    let (planes, tail) = source.split_at(count * item);
    let (elements, target_tail) = target.split_at_mut(count * item);
    target_tail.copy_from_slice(tail);
    let done = match item {
        2 => unshuffle_groups::<2>(instructions, planes, elements),
        4 => unshuffle_groups::<4>(instructions, planes, elements),
        8 => unshuffle_groups::<8>(instructions, planes, elements),
        16 => unshuffle_groups::<16>(instructions, planes, elements),
        _ => 0,
    };
    portable::unshuffle_from(done, planes, item, elements);
}

/// Returns the set of all planes of elements of `item` bytes, at most [`MAX_PLANES`].
pub(crate) fn all_planes(item: usize) -> u32 {
    u32::MAX >> (MAX_PLANES - item)
}

/// Returns the set of planes that have different bytes: bit `p` is set if the byte at place `p` is not the
/// same in all elements. `item` is 1 to [`MAX_PLANES`].
pub(crate) fn varying_planes(instructions: InstructionSet, source: &[u8], item: usize) -> u32 {
    compiled_for!(instructions, portable::varying_planes, (source: &[u8], item: usize) -> u32)
}

/// Writes the planes of the set `selected`, one after the other, to the start of `target`. `item` is 1 to
/// [`MAX_PLANES`]; bytes after the last whole element are ignored.
///
/// # Panics
/// If `target` is too short for them.
pub(crate) fn gather_planes(
    instructions: InstructionSet,
    source: &[u8],
    item: usize,
    selected: u32,
    target: &mut [u8],
) {
    let count = source.len() / item;
    let mut rows: [&mut [u8]; MAX_PLANES] = std::array::from_fn(|_| Default::default());
    let mut rest = target;
    for (place, row) in rows.iter_mut().enumerate().take(item) {
        if selected >> place & 1 == 1 {
            (*row, rest) = rest.split_at_mut(count);
        }
    }
    let done = match item {
        2 => shuffle_groups::<2>(instructions, source, &mut rows),
        4 => shuffle_groups::<4>(instructions, source, &mut rows),
        8 => shuffle_groups::<8>(instructions, source, &mut rows),
        16 => shuffle_groups::<16>(instructions, source, &mut rows),
        _ => 0,
    };
    portable::gather_from(done, &source[..count * item], item, &mut rows);
}

/// Writes as many elements to their rows as fill whole groups of vectors, and returns their number. Rows
/// that are empty are left out.
fn shuffle_groups<const ITEM: usize>(
    instructions: InstructionSet,
    source: &[u8],
    rows: &mut [&mut [u8]; MAX_PLANES],
) -> usize {
    match instructions.kind() {
        Kind::Portable => 0,
        // SAFETY: an `InstructionSet` of this kind exists only where the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Kind::Sse2 => unsafe { x86::sse2::shuffle::<ITEM>(source, rows) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { x86::avx2::shuffle::<ITEM>(source, rows) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => unsafe { neon::shuffle::<ITEM>(source, rows) },
    }
}

/// Reverses [`shuffle_groups`].
fn unshuffle_groups<const ITEM: usize>(
    instructions: InstructionSet,
    planes: &[u8],
    target: &mut [u8],
) -> usize {
    match instructions.kind() {
        Kind::Portable => 0,
        // SAFETY: an `InstructionSet` of this kind exists only where the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Kind::Sse2 => unsafe { x86::sse2::unshuffle::<ITEM>(planes, target) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { x86::avx2::unshuffle::<ITEM>(planes, target) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => unsafe { neon::unshuffle::<ITEM>(planes, target) },
    }
}

/// Makes the two functions for one kind of vector.
///
/// `$halves` is the number of groups of 16 elements that a vector spans. `load` takes the 16 bytes for each
/// half, `low` and `high` interleave the lower and the upper bytes of two vectors, in each half.
macro_rules! interleaving_shuffle {
    ($feature:literal, $vector:ty, $halves:literal) => {
        const LANES: usize = 16 * $halves;

        /// Interleaves the first half of the vectors with the second.
        #[target_feature(enable = $feature)]
        #[inline]
        fn interleave<const ITEM: usize>(vectors: [$vector; ITEM]) -> [$vector; ITEM] {
            let mut interleaved = vectors;
            for pair in 0..ITEM / 2 {
                let (first, second) = (vectors[pair], vectors[pair + ITEM / 2]);
                interleaved[2 * pair] = low(first, second);
                interleaved[2 * pair + 1] = high(first, second);
            }
            interleaved
        }

        /// Writes the planes of all whole groups of elements to `rows` and returns the number of elements.
        #[target_feature(enable = $feature)]
        pub(in crate::shuffle) fn shuffle<const ITEM: usize>(
            source: &[u8],
            rows: &mut [&mut [u8]; crate::shuffle::MAX_PLANES],
        ) -> usize {
            let mut done = 0usize;
            for group in source.chunks_exact(ITEM * LANES) {
                let mut vectors = [zero(); ITEM];
                for (index, vector) in vectors.iter_mut().enumerate() {
                    *vector = load(group, 16 * index, 16 * ITEM);
                }
                for _ in 0..4 {
                    vectors = interleave(vectors);
                }
                for (row, vector) in rows.iter_mut().zip(vectors) {
                    if let Some(place) = row.get_mut(done..done.wrapping_add(LANES)) {
                        store(place, 0, 16, vector);
                    }
                }
                done = done.wrapping_add(LANES);
            }
            done
        }

        /// Reverses [`shuffle`]; all planes are one after the other in `source`.
        #[target_feature(enable = $feature)]
        pub(in crate::shuffle) fn unshuffle<const ITEM: usize>(
            source: &[u8],
            target: &mut [u8],
        ) -> usize {
            let count = source.len() / ITEM;
            let mut done = 0;
            for group in target.chunks_exact_mut(ITEM * LANES) {
                let mut vectors = [zero(); ITEM];
                for (place, vector) in vectors.iter_mut().enumerate() {
                    *vector = load(&source[place * count + done..], 0, 16);
                }
                for _ in 0..ITEM.ilog2() {
                    vectors = interleave(vectors);
                }
                for (index, vector) in vectors.iter().enumerate() {
                    store(group, 16 * index, 16 * ITEM, *vector);
                }
                done += LANES;
            }
            done
        }
    };
}
pub(crate) use interleaving_shuffle;

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly_shuffled(source: &[u8], item: usize) -> Vec<u8> {
        let count = source.len() / item;
        let mut shuffled = Vec::new();
        for place in 0..item {
            shuffled.extend((0..count).map(|index| source[index * item + place]));
        }
        shuffled.extend(&source[count * item..]);
        shuffled
    }

    #[test]
    fn only_selected_planes_are_written() {
        let source: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
            .take(3000)
            .collect();
        for instructions in InstructionSet::available() {
            for item in 1..=MAX_PLANES {
                let count = source.len() / item;
                let selected = all_planes(item) & 0xa5c3_5a96;
                let mut target = vec![0; count * selected.count_ones() as usize];
                gather_planes(instructions, &source, item, selected, &mut target);
                let all = plainly_shuffled(&source, item);
                let expected: Vec<u8> = (0..item)
                    .filter(|place| selected >> place & 1 == 1)
                    .flat_map(|place| &all[place * count..][..count])
                    .copied()
                    .collect();
                assert_eq!(target, expected, "{item} {instructions:?}");
            }
        }
    }

    #[test]
    fn planes_of_one_byte_are_found() {
        for instructions in InstructionSet::available() {
            for item in 1..=MAX_PLANES {
                for count in [1, 2, 63, 1000] {
                    let element: Vec<u8> = (0..item as u8).collect();
                    let mut source = element.repeat(count);
                    source.extend(&element[..item / 2]);
                    let varying = |source: &[u8]| varying_planes(instructions, source, item);
                    assert_eq!(varying(&source), 0);
                    for place in 0..item {
                        let last = (count - 1) * item + place;
                        source[last] ^= 0x80;
                        let expected = if count == 1 { 0 } else { 1 << place };
                        assert_eq!(
                            varying(&source),
                            expected,
                            "{item} {count} {instructions:?}"
                        );
                        source[last] ^= 0x80;
                    }
                }
            }
        }
    }
}
