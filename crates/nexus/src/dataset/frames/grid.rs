//! Computes the positions of the frames of a scan in a grid.

use super::LocatedFrames;

/// Frames that are successive both in a file and in the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The index of the range of frames.
    pub source: usize,
    /// The index of the first frame in the file.
    pub first: u64,
    /// The number of frames.
    pub count: u64,
    /// The position of the first frame in the grid.
    pub start: Vec<u64>,
    /// The dimension of the grid along which they are successive.
    pub axis: usize,
}

/// Divides ranges of frames where the grid begins a new row. The grid is filled in C order, and its first
/// dimension is unlimited. A grid of one dimension is a list.
pub(super) fn pieces(frames: &[LocatedFrames], grid: &[u64]) -> Vec<Piece> {
    // The last dimensions do not form rows if their length is 1.
    let axis = grid.iter().rposition(|length| *length > 1).unwrap_or(0);
    let mut pieces = Vec::new();
    let mut index = 0;
    for (source, LocatedFrames { range: frames, .. }) in frames.iter().enumerate() {
        let mut done = 0;
        while done < frames.count {
            let start = position(index, grid);
            let room = match axis {
                0 => u64::MAX,
                axis => grid[axis] - start[axis],
            };
            let count = room.min(frames.count - done);
            pieces.push(Piece {
                source,
                first: frames.first + done,
                count,
                start,
                axis,
            });
            done += count;
            index += count;
        }
    }
    pieces
}

/// Returns the extent of the grid for `frames` frames: the declared one, with more rows if necessary.
pub(super) fn extent(frames: u64, grid: &[u64]) -> Vec<u64> {
    let mut extent = grid.to_vec();
    if let (Some(slow), Some(last)) = (extent.first_mut(), frames.checked_sub(1)) {
        *slow = (*slow).max(position(last, grid)[0] + 1);
    }
    extent
}

fn position(index: u64, grid: &[u64]) -> Vec<u64> {
    let mut remaining = index;
    let mut position = vec![0; grid.len()];
    for (axis, length) in grid.iter().enumerate().skip(1).rev() {
        let length = (*length).max(1);
        position[axis] = remaining % length;
        remaining /= length;
    }
    if let Some(slow) = position.first_mut() {
        *slow = remaining;
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::FrameRange;

    fn cut(files: &[u64], grid: &[u64]) -> Vec<(usize, u64, u64, Vec<u64>)> {
        let frames: Vec<LocatedFrames> = files
            .iter()
            .map(|count| LocatedFrames {
                range: FrameRange {
                    file: String::new(),
                    dataset: String::new(),
                    first: 0,
                    count: *count,
                },
                is_usable: true,
                pieces: Vec::new(),
            })
            .collect();
        pieces(&frames, grid)
            .into_iter()
            .map(|p| (p.source, p.first, p.count, p.start))
            .collect()
    }

    #[test]
    fn rows_of_a_grid() {
        let expected = [
            (0, 0, 4, vec![0, 0]),
            (0, 4, 1, vec![1, 0]),
            (1, 0, 3, vec![1, 1]),
            (1, 3, 2, vec![2, 0]),
            (2, 0, 2, vec![2, 2]),
        ];
        assert_eq!(cut(&[5, 5, 2], &[3, 4]), expected);
        assert_eq!(extent(12, &[3, 4]), [3, 4]);
        assert_eq!(extent(5, &[3, 4]), [3, 4]);
        assert_eq!(extent(13, &[3, 4]), [4, 4]);
    }

    #[test]
    fn lists_and_rows_of_one() {
        assert_eq!(cut(&[5, 2], &[0]), [(0, 0, 5, vec![0]), (1, 0, 2, vec![5])]);
        assert_eq!(cut(&[5], &[3, 1]), [(0, 0, 5, vec![0, 0])]);
        let expected = [(0, 0, 3, vec![0, 0, 0]), (0, 3, 1, vec![1, 0, 0])];
        assert_eq!(cut(&[4], &[2, 3, 1]), expected);
        assert_eq!(extent(7, &[0]), [7]);
        assert_eq!(extent(0, &[2, 2]), [2, 2]);
    }
}
