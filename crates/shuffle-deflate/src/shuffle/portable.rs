//! The shuffle without vectors.

use super::MAX_PLANES;

/// The number of elements after which the next plane is written, so that they stay in the cache.
const BLOCK: usize = 512;

/// Writes the elements from `first` on to their rows. Rows that are empty are left out.
pub(super) fn gather_from(
    first: usize,
    source: &[u8],
    item: usize,
    rows: &mut [&mut [u8]; MAX_PLANES],
) {
    match item {
        1 => gather_sized::<1>(first, source, rows),
        2 => gather_sized::<2>(first, source, rows),
        3 => gather_sized::<3>(first, source, rows),
        4 => gather_sized::<4>(first, source, rows),
        6 => gather_sized::<6>(first, source, rows),
        8 => gather_sized::<8>(first, source, rows),
        12 => gather_sized::<12>(first, source, rows),
        16 => gather_sized::<16>(first, source, rows),
        _ => gather_any(first, source, item, rows),
    }
}

/// The size is a constant, so that the compiler can make vectors of the inner loop.
fn gather_sized<const ITEM: usize>(
    first: usize,
    source: &[u8],
    rows: &mut [&mut [u8]; MAX_PLANES],
) {
    gather_any(first, source, ITEM, rows);
}

#[inline(always)]
fn gather_any(first: usize, source: &[u8], item: usize, rows: &mut [&mut [u8]; MAX_PLANES]) {
    let mut start = first;
    for block in source[first * item..].chunks(BLOCK * item) {
        let end = start + block.len() / item;
        for (place, row) in rows[..item].iter_mut().enumerate() {
            if let Some(row) = row.get_mut(start..end) {
                for (byte, element) in row.iter_mut().zip(block.chunks_exact(item)) {
                    *byte = element[place];
                }
            }
        }
        start = end;
    }
}

/// Shuffles elements of any size.
pub(super) fn shuffle_large(source: &[u8], item: usize, target: &mut [u8]) {
    let count = source.len() / item;
    for (place, plane) in target.chunks_exact_mut(count).enumerate() {
        for (byte, element) in plane.iter_mut().zip(source.chunks_exact(item)) {
            *byte = element[place];
        }
    }
}

/// Reverses the shuffle for the elements from `first` on.
pub(super) fn unshuffle_from(first: usize, planes: &[u8], item: usize, target: &mut [u8]) {
    let count = planes.len() / item;
    let mut start = first;
    for block in target[first * item..].chunks_mut(BLOCK * item) {
        let end = start + block.len() / item;
        for (place, plane) in planes.chunks_exact(count).enumerate() {
            for (byte, element) in plane[start..end].iter().zip(block.chunks_exact_mut(item)) {
                element[place] = *byte;
            }
        }
        start = end;
    }
}

/// See [`super::varying_planes`].
#[inline(always)]
pub(super) fn varying_planes(source: &[u8], item: usize) -> u32 {
    let elements = &source[..source.len() / item * item];
    match item {
        1 | 2 | 4 | 8 | 16 | 32 => varying::<128>(elements, item),
        3 | 6 | 12 | 24 => varying::<192>(elements, item),
        5 | 10 | 20 => varying::<160>(elements, item),
        7 | 14 | 28 => varying::<224>(elements, item),
        _ => varying_any(elements, item),
    }
}

/// Compares pieces of `WIDTH` bytes, a multiple of `item`, with repetitions of the first element.
#[inline(always)]
fn varying<const WIDTH: usize>(elements: &[u8], item: usize) -> u32 {
    let Some(first) = elements.get(..item) else {
        return 0;
    };
    let pattern: [u8; WIDTH] = std::array::from_fn(|index| first[index % item]);
    let mut differences = [0; WIDTH];
    let mut found = 0;
    // The differences are looked at now and then, because most often all planes vary.
    for block in elements.chunks(64 * WIDTH) {
        let mut pieces = block.chunks_exact(WIDTH);
        for piece in pieces.by_ref() {
            for index in 0..WIDTH {
                differences[index] |= piece[index] ^ pattern[index];
            }
        }
        for (index, byte) in pieces.remainder().iter().enumerate() {
            differences[index] |= byte ^ pattern[index];
        }
        for (index, difference) in differences.iter().enumerate() {
            found |= u32::from(*difference != 0) << (index % item);
        }
        if found == super::all_planes(item) {
            break;
        }
    }
    found
}

fn varying_any(elements: &[u8], item: usize) -> u32 {
    let Some(first) = elements.get(..item) else {
        return 0;
    };
    let mut differences = [0; MAX_PLANES];
    for element in elements.chunks_exact(item) {
        for (difference, (byte, expected)) in differences.iter_mut().zip(element.iter().zip(first))
        {
            *difference |= byte ^ expected;
        }
    }
    let set = differences[..item].iter().enumerate();
    set.fold(0, |set, (place, &difference)| {
        set | (u32::from(difference != 0) << place)
    })
}
