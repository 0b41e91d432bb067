//! The shuffle filter of HDF5 (id 2): the first bytes of all elements, then all second bytes and so on.

/// The number of elements that are processed at a time, so that all rows that are written stay in the
/// cache of the processor.
const BLOCK: usize = 64;

/// Sorts the bytes of `source` by their position in an element of `item` bytes. `target` has the same
/// length as `source`.
///
/// # Panics
/// If `target` is shorter than `source`.
pub(crate) fn shuffle(source: &[u8], item: usize, target: &mut [u8]) {
    match item {
        2 => shuffle_sized::<2>(source, target),
        4 => shuffle_sized::<4>(source, target),
        8 => shuffle_sized::<8>(source, target),
        16 => shuffle_sized::<16>(source, target),
        0 | 1 => target[..source.len()].copy_from_slice(source),
        _ => {
            let count = source.len() / item;
            for (index, element) in source.chunks_exact(item).enumerate() {
                for (place, &byte) in element.iter().enumerate() {
                    target[place * count + index] = byte;
                }
            }
            target[count * item..source.len()].copy_from_slice(&source[count * item..]);
        }
    }
}

/// Shuffles elements of `ITEM` bytes. The size is a constant so that the compiler can vectorize the
/// inner loops.
fn shuffle_sized<const ITEM: usize>(source: &[u8], target: &mut [u8]) {
    let count = source.len() / ITEM;
    let (elements, tail) = source.split_at(count * ITEM);
    let (sorted, target_tail) = target[..source.len()].split_at_mut(count * ITEM);
    target_tail.copy_from_slice(tail);
    for (number, block) in elements.chunks(BLOCK * ITEM).enumerate() {
        let first = number * BLOCK;
        let length = block.len() / ITEM;
        for place in 0..ITEM {
            let row = &mut sorted[place * count + first..][..length];
            for (byte, element) in row.iter_mut().zip(block.chunks_exact(ITEM)) {
                *byte = element[place];
            }
        }
    }
}

/// Reverses [`shuffle`].
///
/// # Panics
/// If `target` is shorter than `source`.
pub(crate) fn unshuffle(source: &[u8], item: usize, target: &mut [u8]) {
    let count = source.len() / item.max(1);
    for (index, &byte) in source[..count * item].iter().enumerate() {
        target[index % count * item + index / count] = byte;
    }
    target[count * item..source.len()].copy_from_slice(&source[count * item..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_sorted_by_place() {
        let source: Vec<u8> = (0..12).collect();
        let mut target = [0; 12];
        shuffle(&source, 4, &mut target);
        assert_eq!(target, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
        shuffle(&source, 3, &mut target);
        assert_eq!(target, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    }

    #[test]
    fn every_size_comes_back() {
        for item in [1, 2, 3, 4, 8, 10, 16, 32] {
            for count in [0, 1, 63, 64, 65, 1000] {
                for rest in [0, item - 1] {
                    let source: Vec<u8> = (0..item * count + rest)
                        .map(|n| (n * 31 % 251) as u8)
                        .collect();
                    let mut sorted = vec![0; source.len()];
                    let mut back = vec![0; source.len()];
                    shuffle(&source, item, &mut sorted);
                    unshuffle(&sorted, item, &mut back);
                    assert_eq!(back, source, "{count} elements of {item} bytes");
                }
            }
        }
    }
}
