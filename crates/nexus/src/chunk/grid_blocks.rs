//! Divides successive points, in C order, into blocks of a grid.

/// The first corner and the extent of a block.
pub(crate) type Block = (Vec<u64>, Vec<u64>);

/// Returns the blocks of `count` points from point `first` on, in the order of the points and as few as
/// possible. The first length of the grid is ignored. A grid of no dimensions has one block of no
/// dimensions.
pub(crate) fn blocks(first: u64, count: u64, grid: &[u64]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut start = Vec::with_capacity(grid.len());
    divide(first, count, grid, &mut start, &mut blocks);
    blocks
}

fn divide(first: u64, count: u64, grid: &[u64], start: &mut Vec<u64>, blocks: &mut Vec<Block>) {
    if count == 0 {
        return;
    }
    let Some((_, inner)) = grid.split_first() else {
        blocks.push((start.clone(), vec![1; start.len()]));
        return;
    };
    let per_row: u64 = inner.iter().product::<u64>().max(1);
    let (mut first, mut left) = (first, count);
    while left > 0 {
        let (row, within) = (first / per_row, first % per_row);
        start.push(row);
        let done = if within == 0 && left >= per_row {
            // The block consists of whole rows.
            let rows = left / per_row;
            let depth = start.len();
            let corner = start.iter().copied().chain(inner.iter().map(|_| 0));
            let extent = std::iter::repeat_n(1, depth - 1)
                .chain([rows])
                .chain(inner.iter().copied());
            blocks.push((corner.collect(), extent.collect()));
            rows * per_row
        } else {
            let part = left.min(per_row - within);
            divide(within, part, inner, start, blocks);
            part
        };
        start.pop();
        first += done;
        left -= done;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_the_points_in_order() {
        // The points of all blocks in order are the given points.
        for grid in [&[5][..], &[3, 4], &[2, 3, 4], &[2, 1, 3, 2]] {
            for first in 0..30 {
                for count in 0..30 {
                    let mut expected = first;
                    for (start, extent) in blocks(first, count, grid) {
                        for index in 0..extent.iter().product() {
                            let (mut rest, mut flat, mut size) = (index, 0, 1);
                            for axis in (0..grid.len()).rev() {
                                flat += (start[axis] + rest % extent[axis]) * size;
                                rest /= extent[axis];
                                size *= grid[axis];
                            }
                            assert_eq!(flat, expected, "{grid:?}");
                            expected += 1;
                        }
                    }
                    assert_eq!(expected, first + count);
                }
            }
        }
    }

    #[test]
    fn blocks_are_few() {
        assert_eq!(blocks(0, 12, &[3, 4]), [(vec![0, 0], vec![3, 4])]);
        let parts = [
            (vec![0, 3], vec![1, 1]),
            (vec![1, 0], vec![2, 4]),
            (vec![3, 0], vec![1, 2]),
        ];
        assert_eq!(blocks(3, 11, &[9, 4]), parts);
        assert_eq!(blocks(7, 3, &[4]), [(vec![7], vec![3])]);
        assert_eq!(blocks(0, 1, &[]), [(vec![], vec![])]);
    }
}
