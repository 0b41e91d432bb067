//! Copies boxes between arrays of several dimensions.

/// The largest number of dimensions of an HDF5 dataset.
pub(crate) const MAX_RANK: usize = 32;

/// The stride of each dimension in bytes. It is not on the heap, because the points of a stream of
/// variable shape are copied one by one.
type Strides = [usize; MAX_RANK];

/// The dimensions of one of the two arrays of a copy, in C order, and the position of the box in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArrayBox<'a> {
    /// The extent of the array.
    pub dims: &'a [u64],
    /// The first corner of the box.
    pub start: &'a [u64],
}

/// Copies a box of `extent` elements of `item` bytes from one array to another.
///
/// The arrays and the box have the same number of dimensions, and the box lies inside both arrays.
/// Each part of the box that is contiguous in both arrays is copied at once.
///
/// # Panics
/// If an array has fewer bytes than its dimensions require, or more than [`MAX_RANK`] dimensions.
pub(crate) fn copy_part(
    source: &[u8],
    from: ArrayBox,
    target: &mut [u8],
    to: ArrayBox,
    extent: &[u64],
    item: usize,
) {
    if extent.contains(&0) {
        return;
    }
    // The dimensions from `outer` on are contiguous in both arrays and form one run.
    let mut run = item;
    let mut outer = extent.len();
    while outer > 0 {
        outer -= 1;
        run *= extent[outer] as usize;
        if extent[outer] != from.dims[outer] || extent[outer] != to.dims[outer] {
            break;
        }
    }
    let (read, read_strides) = offset_and_strides(from, item);
    let (write, write_strides) = offset_and_strides(to, item);
    let mut walk = [0; MAX_RANK];
    let (mut read, mut write) = (read, write);
    loop {
        target[write..write + run].copy_from_slice(&source[read..read + run]);
        let mut axis = outer;
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            walk[axis] += 1;
            read += read_strides[axis];
            write += write_strides[axis];
            if walk[axis] < extent[axis] {
                break;
            }
            read -= read_strides[axis] * walk[axis] as usize;
            write -= write_strides[axis] * walk[axis] as usize;
            walk[axis] = 0;
        }
    }
}

/// Returns the offset of the first corner of the box in bytes, and the strides of the array.
fn offset_and_strides(part: ArrayBox, item: usize) -> (usize, Strides) {
    let mut stride = item;
    let mut strides = [0; MAX_RANK];
    let mut first = 0;
    for axis in (0..part.dims.len()).rev() {
        strides[axis] = stride;
        first += stride * part.start[axis] as usize;
        stride *= part.dims[axis] as usize;
    }
    (first, strides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(dims: [&[u64]; 2], start: [&[u64]; 2], extent: &[u64], item: usize) {
        let count = |dims: &[u64]| dims.iter().product::<u64>() as usize * item;
        let source: Vec<u8> = (0..count(dims[0])).map(|n| n as u8).collect();
        let mut target = vec![255; count(dims[1])];
        let mut expected = target.clone();
        let index = |which: usize, at: &[u64]| {
            let mut flat = 0;
            for (axis, &n) in at.iter().enumerate() {
                flat = flat * dims[which][axis] + start[which][axis] + n;
            }
            flat as usize * item
        };
        let mut at = vec![0; extent.len()];
        for flat in 0..extent.iter().product::<u64>() {
            let mut rest = flat;
            for axis in (0..extent.len()).rev() {
                at[axis] = rest % extent[axis];
                rest /= extent[axis];
            }
            let (from, to) = (index(0, &at), index(1, &at));
            expected[to..to + item].copy_from_slice(&source[from..from + item]);
        }
        let [from, to] = [0, 1].map(|n| ArrayBox {
            dims: dims[n],
            start: start[n],
        });
        copy_part(&source, from, &mut target, to, extent, item);
        assert_eq!(target, expected, "{dims:?} {start:?} {extent:?}");
    }

    #[test]
    fn boxes_land_where_they_belong() {
        copied([&[7], &[5]], [&[2], &[1]], &[4], 2);
        copied([&[2, 3, 4], &[2, 3, 4]], [&[0; 3], &[0; 3]], &[2, 3, 4], 1);
        copied(
            [&[2, 3, 4], &[3, 5, 6]],
            [&[0; 3], &[1, 2, 2]],
            &[2, 3, 4],
            4,
        );
        copied(
            [&[3, 5, 6], &[2, 3, 4]],
            [&[1, 1, 1], &[0; 3]],
            &[2, 3, 4],
            1,
        );
        copied(
            [&[4, 3, 2], &[9, 3, 2]],
            [&[1, 0, 0], &[5, 0, 0]],
            &[3, 3, 2],
            1,
        );
        copied(
            [&[4, 3, 2], &[4, 2, 2]],
            [&[1, 1, 0], &[0; 3]],
            &[3, 2, 2],
            3,
        );
        copied([&[4, 3], &[4, 3]], [&[0; 2], &[0; 2]], &[0, 3], 8);
        copied([&[], &[]], [&[], &[]], &[], 8);
    }
}
