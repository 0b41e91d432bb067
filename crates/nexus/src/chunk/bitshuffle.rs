//! The bitshuffle filter of HDF5 (id 32008), with and without LZ4.
//!
//! The format is that of <https://github.com/kiyo-masui/bitshuffle>: the elements are divided into
//! blocks of about 8 KiB. In a block, the lowest bits of all elements come first, then their second
//! bits and so on. Elements after the last multiple of eight are not shuffled. With LZ4, a header
//! holds the size, and each block is compressed separately and preceded by its compressed size.

use shuffle_deflate::{bit_shuffle, bit_unshuffle};

/// The identifier of the filter in HDF5 files.
pub(crate) const BITSHUFFLE: i32 = 32008;

/// The size of a block in bytes.
const BLOCK: usize = 8192;

/// The number of elements of the smallest block.
const MIN_BLOCK_LENGTH: usize = 128;

/// The size of the header in bytes.
const HEADER: usize = 12;

/// Returns the number of elements per block for elements of `item` bytes.
fn block_length(item: usize) -> usize {
    (BLOCK / item.max(1) / 8 * 8).max(MIN_BLOCK_LENGTH)
}

/// Returns the sizes in bytes of the blocks into which `size` bytes are divided. They do not cover
/// the bytes at the end that are not shuffled.
fn blocks(size: usize, item: usize) -> impl Iterator<Item = usize> {
    let elements = size / item.max(1) / 8 * 8;
    let length = block_length(item);
    (0..elements)
        .step_by(length)
        .map(move |first| length.min(elements - first) * item)
}

/// Shuffles the bits of `source` into `target`, which has the same length. `scratch` is scratch memory
/// and grows if necessary.
///
/// # Panics
/// If `target` is shorter than `source`.
pub(crate) fn bitshuffle(source: &[u8], item: usize, target: &mut [u8], scratch: &mut Vec<u8>) {
    let mut at = 0;
    for size in blocks(source.len(), item) {
        bit_shuffle(
            &source[at..at + size],
            item,
            &mut target[at..at + size],
            scratch,
        );
        at += size;
    }
    target[at..source.len()].copy_from_slice(&source[at..]);
}

/// Reverses [`bitshuffle`].
///
/// # Panics
/// If `target` is shorter than `source`.
pub(crate) fn bitunshuffle(source: &[u8], item: usize, target: &mut [u8], scratch: &mut Vec<u8>) {
    let mut at = 0;
    for size in blocks(source.len(), item) {
        bit_unshuffle(
            &source[at..at + size],
            item,
            &mut target[at..at + size],
            scratch,
        );
        at += size;
    }
    target[at..source.len()].copy_from_slice(&source[at..]);
}

/// Shuffles the bits, compresses them with LZ4 and appends the result to `target`.
pub(crate) fn bitshuffle_lz4(
    source: &[u8],
    item: usize,
    target: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
) {
    target.extend((source.len() as u64).to_be_bytes());
    target.extend(((block_length(item) * item) as u32).to_be_bytes());
    let mut sorted = Vec::new();
    let mut at = 0;
    for size in blocks(source.len(), item) {
        sorted.resize(size, 0);
        bit_shuffle(&source[at..at + size], item, &mut sorted, scratch);
        at += size;
        let start = target.len();
        let room = lz4_flex::block::get_maximum_output_size(size);
        target.resize(start + 4 + room, 0);
        // `target` has room for the largest possible output, so this does not fail.
        let length = lz4_flex::block::compress_into(&sorted, &mut target[start + 4..]).unwrap_or(0);
        target[start..start + 4].copy_from_slice(&(length as u32).to_be_bytes());
        target.truncate(start + 4 + length);
    }
    target.extend_from_slice(&source[at..]);
}

/// Reverses [`bitshuffle_lz4`]. Returns `None` if `source` does not have the format, or if the result
/// would have more than `limit` bytes.
pub(crate) fn bitunshuffle_lz4(
    source: &[u8],
    item: usize,
    limit: usize,
    scratch: &mut Vec<u8>,
) -> Option<Vec<u8>> {
    let (header, mut remaining) = source.split_at_checked(HEADER)?;
    let (size, block) = header.split_at(8);
    let size = usize::try_from(u64::from_be_bytes(size.try_into().ok()?)).ok()?;
    let block = u32::from_be_bytes(block.try_into().ok()?) as usize;
    // No known writer sets another block size.
    if size > limit || item == 0 || block != block_length(item) * item {
        return None;
    }
    let mut target = vec![0; size];
    let mut sorted = Vec::new();
    let mut at = 0;
    for size in blocks(size, item) {
        let (length, tail) = remaining.split_at_checked(4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        let (packed, tail) = tail.split_at_checked(length)?;
        remaining = tail;
        sorted.resize(size, 0);
        let read = lz4_flex::block::decompress_into(packed, &mut sorted).ok()?;
        if read != size {
            return None;
        }
        bit_unshuffle(&sorted, item, &mut target[at..at + size], scratch);
        at += size;
    }
    target[at..].copy_from_slice(remaining.get(..size - at)?);
    Some(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::test_noise;

    #[test]
    fn bits_are_sorted_by_place() {
        // Eight elements of one byte: element n has only bit n set, so the matrix is symmetric.
        let source: Vec<u8> = (0..8).map(|n| 1 << n).collect();
        let mut target = vec![0; 8];
        bitshuffle(&source, 1, &mut target, &mut Vec::new());
        assert_eq!(target, source);
        bitshuffle(
            &[0, 1, 0, 0, 0, 0, 0, 0x80],
            1,
            &mut target,
            &mut Vec::new(),
        );
        assert_eq!(target, [2, 0, 0, 0, 0, 0, 0, 0x80]);
        // Fewer than eight elements are not shuffled.
        bitshuffle(&[1, 2, 3], 1, &mut target, &mut Vec::new());
        assert_eq!(target[..3], [1, 2, 3]);
    }

    #[test]
    fn every_size_comes_back() {
        let noise = test_noise(70_000);
        let mut scratch = Vec::new();
        for item in [1, 2, 3, 4, 8, 10, 16, 32, 100] {
            for count in [0, 1, 7, 8, 9, 128, 333, 700] {
                for data in [&noise[..item * count], &vec![5; item * count]] {
                    let (mut sorted, mut back) = (vec![0; data.len()], vec![0; data.len()]);
                    bitshuffle(data, item, &mut sorted, &mut scratch);
                    bitunshuffle(&sorted, item, &mut back, &mut scratch);
                    assert_eq!(back, data, "{count} elements of {item} bytes");
                    let mut packed = Vec::new();
                    bitshuffle_lz4(data, item, &mut packed, &mut scratch);
                    let back = bitunshuffle_lz4(&packed, item, data.len(), &mut scratch);
                    assert_eq!(
                        back.as_deref(),
                        Some(data),
                        "{count} elements of {item} bytes"
                    );
                }
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let (mut packed, mut scratch) = (Vec::new(), Vec::new());
        bitshuffle_lz4(&test_noise(1000), 4, &mut packed, &mut scratch);
        for end in 0..packed.len() {
            assert_eq!(
                bitunshuffle_lz4(&packed[..end], 4, 1000, &mut scratch),
                None
            );
        }
        assert_eq!(bitunshuffle_lz4(&packed, 8, 1000, &mut scratch), None);
        assert_eq!(bitunshuffle_lz4(&packed, 4, 999, &mut scratch), None);
        assert_eq!(bitunshuffle_lz4(&packed, 0, 1000, &mut scratch), None);
    }
}
