//! Cuts the points of a grid into chunks.
//!
//! Successive points of a grid belong to different chunks. A band is one row of chunks: the points of these chunks are
//! successive, so that a band can be stored when its last point is there, and then never again.

use std::collections::BTreeSet;
use std::ops::Range;

use super::cut::add_corners_from;
use super::{ArrayBox, ChunkFormat, ChunkSource, Slab, blocks, copy_part, point_size};

/// How the points of a grid, in C order, are divided into bands.
#[derive(Debug, Clone)]
pub(crate) struct BandLayout {
    /// The lengths of the grid. The first one does not limit the points.
    scan: Vec<u64>,
    /// The number of points in a band.
    points: u64,
    /// The number of points after which a band ends in any case, or `None` if the first dimension is divided.
    limit: Option<u64>,
}

impl BandLayout {
    /// Returns the bands of a grid with chunks of these lengths, of which those of the points are ignored.
    ///
    /// A band has the length of a chunk in the first dimension in which chunks are longer than one point, and it is as
    /// long as the grid in the dimensions behind.
    pub(crate) fn new(scan: &[u64], chunk: &[u64]) -> BandLayout {
        let lengths = chunk.iter().take(scan.len());
        let last = scan.len().saturating_sub(1);
        let axis = lengths
            .clone()
            .position(|&length| length > 1)
            .unwrap_or(last);
        let inner = product(scan.get(axis + 1..).unwrap_or_default());
        let length = chunk.get(axis).copied().unwrap_or(1).max(1);
        BandLayout {
            scan: scan.to_vec(),
            points: length.saturating_mul(inner),
            limit: (axis > 0).then(|| product(&scan[axis..])),
        }
    }

    /// Returns the number of points in a row of the grid: an index of the first dimension.
    pub(crate) fn row_points(&self) -> u64 {
        product(self.scan.get(1..).unwrap_or_default())
    }

    /// Returns the points of the band of this point.
    pub(crate) fn band_of(&self, point: u64) -> Range<u64> {
        let limit = self.limit.unwrap_or(u64::MAX);
        let block = point / limit * limit;
        let start = block + (point - block) / self.points * self.points;
        let end = start.saturating_add(self.points);
        start..end.min(block.saturating_add(limit))
    }

    /// Returns the band of this point, without points.
    pub(crate) fn begin(&self, point: u64) -> GridBand {
        let Range { start, end } = self.band_of(point);
        GridBand {
            scan: self.scan.clone(),
            row: start / self.row_points(),
            start,
            end,
            slab: Slab::new(),
            stored: 0,
        }
    }
}

/// Returns the number of points, at least 1 so that one can divide by it.
fn product(lengths: &[u64]) -> u64 {
    let product = |points: u64, length: &u64| points.saturating_mul(*length);
    lengths.iter().fold(1, product).max(1)
}

/// The points so far of a band of a grid.
#[derive(Debug)]
pub(crate) struct GridBand {
    scan: Vec<u64>,
    /// The index of its chunks in the first dimension.
    pub row: u64,
    /// The index of its first point.
    pub start: u64,
    /// The index of the first point behind it.
    pub end: u64,
    /// Its points.
    pub slab: Slab,
    /// The number of its points that the file has.
    pub stored: u64,
}

impl GridBand {
    /// Returns the first corners, in the dimensions after the first one, of the chunks that hold data of points that
    /// are not stored.
    pub(crate) fn corners(&self, format: &ChunkFormat) -> BTreeSet<Vec<u64>> {
        let step = &format.shape.element;
        let mut corners = BTreeSet::new();
        let mut last = None;
        self.each_block(format.item, self.stored, |start, count, _| {
            let first = start[1..].iter().zip(step);
            let first: Vec<u64> = first.map(|(start, step)| start / step * step).collect();
            let end = start[1..].iter().zip(&count[1..]);
            let end: Vec<u64> = end.map(|(start, count)| start + count).collect();
            // Points of different shapes are blocks of their own, but many of them belong to the same chunks.
            let next = Some((first, end));
            if let Some((first, end)) = &next
                && next != last
            {
                add_corners_from(first, end, step, &mut corners);
                last = next;
            }
        });
        corners
    }

    /// Returns `true` if the points have all elements that the chunk at `corner` has in a dataset of this extent.
    pub(crate) fn covers(&self, format: &ChunkFormat, corner: &[u64], extent: &[u64]) -> bool {
        let corner = self.full_corner(corner);
        let dims = format.shape.dims();
        let inside = extent.iter().zip(&corner).zip(&dims);
        let inside = inside.map(|((extent, start), most)| extent.saturating_sub(*start).min(*most));
        self.covered(format, &corner, &dims) == inside.product::<u64>()
    }

    /// Copies the data of the points into `chunk`, the bytes of the chunk at `corner`.
    ///
    /// # Panics
    /// If `chunk` has fewer bytes than its shape requires.
    pub(crate) fn copy_into(&self, format: &ChunkFormat, corner: &[u64], chunk: &mut [u8]) {
        let corner = self.full_corner(corner);
        let dims = format.shape.dims();
        self.each_block(format.item, 0, |start, count, bytes| {
            let Some(part) = Overlap::of(start, count, &corner, &dims) else {
                return;
            };
            let from = ArrayBox {
                dims: count,
                start: &part.in_block,
            };
            let to = ArrayBox {
                dims: &dims,
                start: &part.in_chunk,
            };
            copy_part(bytes, from, chunk, to, &part.extent, format.item);
        });
    }

    fn full_corner(&self, corner: &[u64]) -> Vec<u64> {
        std::iter::once(self.row)
            .chain(corner.iter().copied())
            .collect()
    }

    /// Returns the number of elements of a chunk for which there are data.
    fn covered(&self, format: &ChunkFormat, corner: &[u64], dims: &[u64]) -> u64 {
        let mut elements = 0;
        self.each_block(format.item, 0, |start, count, _| {
            let part = Overlap::of(start, count, corner, dims);
            elements += part.map_or(0, |part| part.extent.iter().product());
        });
        elements
    }

    /// Calls `take` with the first corner, the extent and the bytes of each block of points that have data, from the
    /// `first` point of the band on, in all dimensions of the dataset.
    fn each_block(&self, item: usize, first: u64, mut take: impl FnMut(&[u64], &[u64], &[u8])) {
        for (row, run, bytes) in self.slab.runs(item) {
            let Some(shape) = run.shape.as_deref() else {
                continue;
            };
            let skipped = first.saturating_sub(row).min(run.rows);
            let size = point_size(shape, item);
            let mut bytes = &bytes[(size * skipped) as usize..];
            let next = self.start + row + skipped;
            for (mut start, mut count) in blocks(next, run.rows - skipped, &self.scan) {
                let points: u64 = count.iter().product();
                let (part, remaining) = bytes.split_at((size * points) as usize);
                bytes = remaining;
                start.extend(shape.iter().map(|_| 0));
                count.extend(shape);
                take(&start, &count, part);
            }
        }
    }
}

impl ChunkSource for GridBand {
    fn chunk_bytes<'a>(
        &'a self,
        format: &ChunkFormat,
        corner: &[u64],
        scratch: &'a mut Vec<u8>,
    ) -> &'a [u8] {
        scratch.resize(format.size(), 0);
        let elements = (format.size() / format.item) as u64;
        let dims = format.shape.dims();
        if self.covered(format, &self.full_corner(corner), &dims) < elements {
            format.fill.fill_slice(scratch);
        }
        self.copy_into(format, corner, scratch);
        scratch
    }
}

/// What a block of points and a chunk have in common.
struct Overlap {
    /// Its first corner in the block.
    in_block: Vec<u64>,
    /// Its first corner in the chunk.
    in_chunk: Vec<u64>,
    extent: Vec<u64>,
}

impl Overlap {
    fn of(start: &[u64], count: &[u64], corner: &[u64], dims: &[u64]) -> Option<Overlap> {
        let rank = dims.len();
        let from = |axis: usize| start[axis].max(corner[axis]);
        let end = |axis: usize| (start[axis] + count[axis]).min(corner[axis] + dims[axis]);
        if (0..rank).any(|axis| from(axis) >= end(axis)) {
            return None;
        }
        Some(Overlap {
            in_block: (0..rank).map(|axis| from(axis) - start[axis]).collect(),
            in_chunk: (0..rank).map(|axis| from(axis) - corner[axis]).collect(),
            extent: (0..rank).map(|axis| end(axis) - from(axis)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(scan: &[u64], chunk: &[u64], points: u64) -> Vec<Range<u64>> {
        let layout = BandLayout::new(scan, chunk);
        let mut bands = Vec::new();
        let mut next = 0;
        while next < points {
            let band = layout.band_of(next);
            assert_eq!(band.start, next);
            assert!((band.clone()).all(|point| layout.band_of(point) == band));
            next = band.end;
            bands.push(band);
        }
        bands
    }

    #[test]
    fn a_band_is_one_row_of_chunks() {
        assert_eq!(bands(&[5, 4], &[2, 3, 9], 20), [0..8, 8..16, 16..24]);
        assert_eq!(bands(&[2, 4], &[1, 3], 8), [0..3, 3..4, 4..7, 7..8]);
        assert_eq!(bands(&[2, 2], &[1, 1], 3), [0..1, 1..2, 2..3]);
        let inner = bands(&[2, 3, 4], &[1, 2, 2], 24);
        assert_eq!(inner, [0..8, 8..12, 12..20, 20..24]);
    }
}
