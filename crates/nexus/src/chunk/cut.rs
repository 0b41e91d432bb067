//! Cuts slabs into chunks.

use std::collections::BTreeSet;

use super::{ArrayBox, ChunkFormat, ChunkShape, Slab, copy_part};

/// Returns the first corners, in the dimensions of a point, of the chunks that hold data of a slab.
///
/// Chunks without data are left out, because published points may be far smaller than the dataset.
/// With `missing_shape`, missing points count as data of that shape.
pub(crate) fn corners_with_data(
    slab: &Slab,
    chunk: &ChunkShape,
    item: usize,
    missing_shape: Option<&[u64]>,
) -> Vec<Vec<u64>> {
    let mut seen: Vec<&[u64]> = Vec::new();
    let mut corners = BTreeSet::new();
    for (_, run, _) in slab.runs(item) {
        let Some(shape) = run.shape.as_deref().or(missing_shape) else {
            continue;
        };
        // A larger shape has already contributed all chunks of this one.
        if seen.iter().any(|other| fits_into(shape, other)) {
            continue;
        }
        seen.push(shape);
        add_corners(shape, &chunk.element, &mut corners);
    }
    corners.into_iter().collect()
}

fn fits_into(shape: &[u64], other: &[u64]) -> bool {
    shape.iter().zip(other).all(|(a, b)| a <= b)
}

fn add_corners(shape: &[u64], step: &[u64], corners: &mut BTreeSet<Vec<u64>>) {
    add_corners_from(&vec![0; shape.len()], shape, step, corners);
}

/// Adds the corners from `first`, which is one of them, to before `end`.
pub(super) fn add_corners_from(
    first: &[u64],
    end: &[u64],
    step: &[u64],
    corners: &mut BTreeSet<Vec<u64>>,
) {
    if first.iter().zip(end).any(|(first, end)| first >= end) {
        return;
    }
    let mut corner = first.to_vec();
    loop {
        corners.insert(corner.clone());
        let mut axis = end.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            corner[axis] += step[axis];
            if corner[axis] < end[axis] {
                break;
            }
            corner[axis] = first[axis];
        }
    }
}

/// Returns the bytes of the chunk at `corner`, with the fill value where the slab has no data.
///
/// If the slab is exactly the chunk, its bytes are returned. Otherwise they are copied to `scratch`.
pub(crate) fn chunk_bytes<'a>(
    slab: &'a Slab,
    format: &ChunkFormat,
    corner: &[u64],
    scratch: &'a mut Vec<u8>,
) -> &'a [u8] {
    let chunk = &format.shape;
    if slab.rows() == chunk.length && slab.is_regular(&chunk.element) {
        return slab.bytes();
    }
    scratch.resize(format.size(), 0);
    if covered_bytes(slab, format, corner) < format.size() {
        format.fill.fill_slice(scratch);
    }
    copy_into(slab, format, corner, 0, scratch);
    scratch
}

/// Returns the number of bytes of the chunk at `corner` for which the slab has data.
fn covered_bytes(slab: &Slab, format: &ChunkFormat, corner: &[u64]) -> usize {
    let runs = slab.runs(format.item);
    let elements: u64 = runs
        .filter_map(|(_, run, _)| Some(overlap(run.rows, run.shape.as_deref()?, corner, format)))
        .map(|extent| extent.iter().product::<u64>())
        .sum();
    elements as usize * format.item
}

/// Returns the extent of the intersection of a run of points with the chunk at `corner`.
fn overlap(rows: u64, shape: &[u64], corner: &[u64], format: &ChunkFormat) -> Vec<u64> {
    let inside = shape.iter().zip(corner).zip(&format.shape.element);
    let inside = inside.map(|((&length, &start), &most)| length.saturating_sub(start).min(most));
    std::iter::once(rows).chain(inside).collect()
}

/// Copies the data of a slab into `chunk`, the bytes of the chunk at `corner`. The first point of the
/// slab is point `row` of the chunk.
///
/// # Panics
/// If `chunk` has fewer bytes than its shape requires, or the slab extends beyond the chunk.
pub(crate) fn copy_into(
    slab: &Slab,
    format: &ChunkFormat,
    corner: &[u64],
    row: u64,
    chunk: &mut [u8],
) {
    let dims = format.shape.dims();
    let start: Vec<u64> = std::iter::once(0).chain(corner.iter().copied()).collect();
    for (first, run, bytes) in slab.runs(format.item) {
        let Some(shape) = run.shape.as_deref() else {
            continue;
        };
        let from: Vec<u64> = std::iter::once(run.rows)
            .chain(shape.iter().copied())
            .collect();
        let mut to = vec![0; dims.len()];
        to[0] = row + first;
        let extent = overlap(run.rows, shape, corner, format);
        let (from, to) = (
            ArrayBox {
                dims: &from,
                start: &start,
            },
            ArrayBox {
                dims: &dims,
                start: &to,
            },
        );
        copy_part(bytes, from, chunk, to, &extent, format.item);
    }
}

/// Returns the first corners of all chunks of points of this shape.
pub(crate) fn all_corners(shape: &[u64], chunk: &ChunkShape) -> BTreeSet<Vec<u64>> {
    let mut corners = BTreeSet::new();
    add_corners(shape, &chunk.element, &mut corners);
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{CompressionScheme, FillValue};
    use crate::tree::{ByteOrder, ElementType};

    fn chunk(length: u64, element: &[u64]) -> ChunkShape {
        ChunkShape {
            length,
            element: element.to_vec(),
        }
    }

    fn bytes(shape: &ChunkShape) -> ChunkFormat {
        let fill = FillValue::new(&ElementType::Uint(1, ByteOrder::Little)).unwrap();
        ChunkFormat::new(shape.clone(), 1, fill, CompressionScheme::GzipByteShuffle)
    }

    #[test]
    fn a_slab_that_is_the_chunk_is_not_copied() {
        let mut slab = Slab::new();
        slab.push(2, &[3], &[1, 2, 3, 4, 5, 6], 6);
        let shape = chunk(2, &[3]);
        assert_eq!(corners_with_data(&slab, &shape, 1, None), [[0]]);
        let mut scratch = Vec::new();
        let cut_out = chunk_bytes(&slab, &bytes(&shape), &[0], &mut scratch);
        assert_eq!(cut_out.as_ptr(), slab.bytes().as_ptr());
    }

    #[test]
    fn a_part_of_a_slab_is_padded() {
        let mut slab = Slab::new();
        slab.push(1, &[3], &[1, 2, 3], 6);
        let mut scratch = vec![9; 100];
        let cut_out = chunk_bytes(&slab, &bytes(&chunk(2, &[3])), &[0], &mut scratch);
        assert_eq!(cut_out, [1, 2, 3, 0, 0, 0]);
    }

    #[test]
    fn large_points_are_divided() {
        let mut slab = Slab::new();
        let data: Vec<u8> = (1..=30).collect();
        slab.push(2, &[3, 5], &data, 30);
        let shape = chunk(2, &[2, 3]);
        let corners = corners_with_data(&slab, &shape, 1, None);
        assert_eq!(corners, [[0, 0], [0, 3], [2, 0], [2, 3]]);
        let mut scratch = Vec::new();
        let mut cut_out =
            |corner: &[u64]| chunk_bytes(&slab, &bytes(&shape), corner, &mut scratch).to_vec();
        assert_eq!(cut_out(&[0, 0]), [1, 2, 3, 6, 7, 8, 16, 17, 18, 21, 22, 23]);
        assert_eq!(cut_out(&[0, 3]), [4, 5, 0, 9, 10, 0, 19, 20, 0, 24, 25, 0]);
        assert_eq!(cut_out(&[2, 3]), [14, 15, 0, 0, 0, 0, 29, 30, 0, 0, 0, 0]);
    }

    #[test]
    fn ragged_points_are_padded() {
        let element = ElementType::Float(4, ByteOrder::Little);
        let fill = FillValue::new(&element).unwrap();
        let number = |n: f32| n.to_le_bytes();
        let mut slab = Slab::new();
        slab.push(1, &[3], &[1., 2., 3.].map(number).concat(), 0);
        slab.push_missing(1);
        slab.push(1, &[0], &[], 0);
        slab.push(1, &[1], &number(4.), 0);
        let shape = chunk(4, &[2]);
        assert_eq!(corners_with_data(&slab, &shape, 4, None), [[0], [2]]);
        let format = ChunkFormat::new(shape, 4, fill, CompressionScheme::GzipByteShuffle);
        let mut scratch = Vec::new();
        let mut cut_out = |corner: u64| -> Vec<f32> {
            chunk_bytes(&slab, &format, &[corner], &mut scratch)
                .chunks(4)
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                .collect()
        };
        let text = format!("{:?} {:?}", cut_out(0), cut_out(2));
        assert_eq!(
            text,
            "[1.0, 2.0, NaN, NaN, NaN, NaN, 4.0, NaN] [3.0, NaN, NaN, NaN, NaN, NaN, NaN, NaN]"
        );
    }

    #[test]
    fn only_chunks_with_data_are_returned() {
        let mut slab = Slab::new();
        slab.push(1, &[1, 9], &[1; 9], 9);
        slab.push(1, &[7, 1], &[2; 7], 9);
        slab.push(1, &[0, 50], &[], 9);
        slab.push(1, &[1, 2], &[3; 2], 9);
        let corners = corners_with_data(&slab, &chunk(4, &[4, 4]), 1, None);
        assert_eq!(corners, [[0, 0], [0, 4], [0, 8], [4, 0]]);
        let mut hole = Slab::new();
        hole.push_missing(4);
        let shape = chunk(4, &[4]);
        assert!(corners_with_data(&hole, &shape, 1, None).is_empty());
        assert_eq!(corners_with_data(&hole, &shape, 1, Some(&[6])), [[0], [4]]);
    }

    #[test]
    fn scalars_have_one_chunk() {
        let mut slab = Slab::new();
        slab.push(2, &[], &[1, 2], 2);
        let shape = chunk(3, &[]);
        assert_eq!(
            corners_with_data(&slab, &shape, 1, None),
            [Vec::<u64>::new()]
        );
        let mut scratch = Vec::new();
        assert_eq!(
            chunk_bytes(&slab, &bytes(&shape), &[], &mut scratch),
            [1, 2, 0]
        );
    }
}
