//! How large chunks are.
//!
//! A chunk is the unit that is compressed and read as a whole. The default of 1 MiB is what the
//! Python writer of BLISS 2 uses; it is also the size of the chunk cache of a reader.

use std::time::Duration;

use super::point_size;

/// Bytes of a chunk, unless there is little memory or little data.
pub(crate) const MAX_CHUNK: u64 = 1 << 20;

/// Bytes below which a chunk costs more in bookkeeping than it is worth.
const MIN_CHUNK: u64 = 4 << 10;

/// Bytes of the smallest chunk that is worth compressing.
const MIN_FILTERED: u64 = 8 << 10;

/// Bytes of a point that is large: a spectrum, an image.
const LARGE: u64 = 4 << 10;

/// Of how many seconds the points of a slow stream share a chunk.
const SLOW_SPAN: f64 = 4.0;

/// Points of a chunk of a fast stream: about the time between two commits, so that hardly ever a chunk has
/// to be shown that is not full.
const FAST_SPAN: f64 = 0.25;

/// Points of a chunk of large points. Readers see whole chunks only, and live plots want as many spectra as
/// there are scalars.
const LARGE_SPAN: f64 = 0.02;

/// Shortest time a rate is measured over: the first points of a scan come in a burst.
const LEAST_ELAPSED: f64 = 0.5;

/// How many points larger than a chunk are held in memory to share chunks.
const MOST_LARGE_POINTS: u64 = 16;

/// Shape of the chunks of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkShape {
    /// Number of points, at least 1.
    pub length: u64,
    /// Extent in each dimension of a point, at least 1 each; empty for scalars.
    pub element: Vec<u64>,
}

impl ChunkShape {
    /// Length and element together, as HDF5 wants it.
    pub(crate) fn dims(&self) -> Vec<u64> {
        let mut dims = vec![self.length];
        dims.extend(&self.element);
        dims
    }

    /// Bytes of one chunk before compression, for an item size in bytes.
    pub(crate) fn size(&self, item: usize) -> u64 {
        point_size(&self.element, item).saturating_mul(self.length)
    }
}

/// Chunks of about `target` bytes for points of shape `element` and `item` bytes per number.
///
/// Small points stay whole, so that gathering them is one copy. Points larger than a chunk are
/// divided from the last dimension to the first, in four at most, as blisswriter 3.0.0 does; a
/// chunk then spans several points, but no more than 16, because so many must be
/// in memory at once. `None` as long as a point has no elements.
pub(crate) fn ended_stream_chunk(element: &[u64], item: usize, target: u64) -> Option<ChunkShape> {
    let point = point_size(element, item);
    if point == 0 || target == 0 {
        return None;
    }
    if point <= target {
        return Some(ChunkShape {
            length: target.div_ceil(point),
            element: element.to_vec(),
        });
    }
    let mut size = item as u64;
    let mut divided = element.to_vec();
    for length in divided.iter_mut().rev() {
        *length = length.div_ceil(4).min(target.div_ceil(size));
        size = size.saturating_mul(*length);
    }
    let length = target.div_ceil(size);
    if length > MOST_LARGE_POINTS {
        return Some(single_point(element, item, target));
    }
    Some(ChunkShape {
        length,
        element: divided,
    })
}

/// Chunks that hold a part of one point larger than `target`, as equal parts as possible.
fn single_point(element: &[u64], item: usize, target: u64) -> ChunkShape {
    let mut size = item as u64;
    let mut divided = element.to_vec();
    for length in divided.iter_mut().rev() {
        let parts = length.div_ceil((target / size).max(1));
        *length = length.div_ceil(parts);
        size = size.saturating_mul(*length);
    }
    ChunkShape {
        length: 1,
        element: divided,
    }
}

/// Chunks for a stream of which `points` came in the time `elapsed` and no end is in sight, and
/// whether they are compressed.
///
/// A chunk that is not full when readers are to see it is stored as it is, at its full size. So
/// slow streams get small chunks, for the points of four seconds, that are never compressed and
/// stay where they are. A chunk that is compressed once it is full moves, and HDF5 may use its old
/// place before a reader has learnt of the new one: the reader would see garbage. So where a chunk
/// of a quarter second is worth compressing, chunks are made that small: they are full in time and
/// need not be shown before. The same holds for large points, with chunks of very few of them.
/// Lengths are powers of two.
///
/// Points larger than `target` share no chunks, so that each is stored once.
pub(crate) fn live_stream_chunk(
    element: &[u64],
    item: usize,
    target: u64,
    points: u64,
    elapsed: Duration,
) -> Option<(ChunkShape, bool)> {
    let full = ended_stream_chunk(element, item, target)?;
    let point = point_size(element, item);
    if point > target {
        return Some((single_point(element, item, target), true));
    }
    let rate = points as f64 / elapsed.as_secs_f64().max(LEAST_ELAPSED);
    let length = |span: f64| 1u64 << (rate * span).max(1.0).log2().round().min(40.0) as u32;
    let most = 1 << (target / point).ilog2();
    let (length, filtered) = if point >= LARGE {
        (length(LARGE_SPAN), true)
    } else if length(FAST_SPAN) * point >= MIN_FILTERED {
        (length(FAST_SPAN), true)
    } else {
        let least = MIN_CHUNK.min(target).div_ceil(point).next_power_of_two();
        (length(SLOW_SPAN).max(least), false)
    };
    let chunk = ChunkShape {
        length: length.min(most),
        element: full.element,
    };
    Some((chunk, filtered))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(element: &[u64], item: usize) -> (Vec<u64>, u64) {
        let chunk = ended_stream_chunk(element, item, MAX_CHUNK).unwrap();
        (chunk.dims(), chunk.size(item))
    }

    #[test]
    fn small_points_stay_whole() {
        assert_eq!(sealed(&[], 8), (vec![131_072], 1 << 20));
        assert_eq!(sealed(&[3], 1), (vec![349_526, 3], 1_048_578));
        assert_eq!(sealed(&[1024], 4), (vec![256, 1024], 1 << 20));
        assert_eq!(sealed(&[512, 512], 2), (vec![2, 512, 512], 1 << 20));
        assert_eq!(sealed(&[1024, 1024], 1), (vec![1, 1024, 1024], 1 << 20));
    }

    /// Figures of blisswriter 3.0.0.
    #[test]
    fn large_points_are_divided() {
        assert_eq!(sealed(&[2048, 2048], 4), (vec![1, 512, 512], 1 << 20));
        assert_eq!(sealed(&[4096, 4096], 2), (vec![1, 512, 1024], 1 << 20));
        assert_eq!(sealed(&[2162, 2068], 4), (vec![1, 508, 517], 1_050_544));
        assert_eq!(sealed(&[2_000_000], 1), (vec![3, 500_000], 1_500_000));
        assert_eq!(sealed(&[10_000_000], 8), (vec![1, 131_072], 1 << 20));
        assert_eq!(sealed(&[7, 1_000_000], 4), (vec![1, 2, 250_000], 2_000_000));
    }

    #[test]
    fn points_without_elements_have_no_chunk() {
        assert_eq!(ended_stream_chunk(&[0, 4], 8, MAX_CHUNK), None);
        assert_eq!(
            live_stream_chunk(&[0], 8, MAX_CHUNK, 3, Duration::from_secs(1)),
            None
        );
    }

    #[test]
    fn absurd_shapes_do_not_overflow() {
        let chunk = ended_stream_chunk(&[u64::MAX, u64::MAX], 8, MAX_CHUNK).unwrap();
        assert!(chunk.size(8) < 4 << 20, "{chunk:?}");
        // Blisswriter would gather 131 072 points of 344 MB.
        let chunk = ended_stream_chunk(&[3; 16], 8, MAX_CHUNK).unwrap();
        assert!(chunk.length == 1 && chunk.size(8) <= 1 << 20, "{chunk:?}");
    }

    #[test]
    fn chunks_of_a_live_stream_follow_its_rate() {
        let live = |element: &[u64], points, seconds| {
            let elapsed = Duration::from_secs_f64(seconds);
            let (chunk, filtered) =
                live_stream_chunk(element, 8, MAX_CHUNK, points, elapsed).unwrap();
            (chunk.length, filtered)
        };
        // One value in half a second: the smallest chunk.
        assert_eq!(live(&[], 1, 0.5), (512, false));
        assert_eq!(live(&[], 0, 0.5), (512, false));
        // 1000 values per second: 4000 are 31 KiB, a power of two is 4096.
        assert_eq!(live(&[], 500, 0.5), (4096, false));
        // A burst is not mistaken for a rate.
        assert_eq!(live(&[], 500, 0.001), (4096, false));
        // Worth compressing; fast; as fast as it gets.
        assert_eq!(live(&[], 2500, 1.0), (8192, false));
        assert_eq!(live(&[], 5000, 1.0), (1024, true));
        assert_eq!(live(&[], 100_000, 1.0), (32_768, true));
        assert_eq!(live(&[], 1_000_000, 1.0), (131_072, true));
        // Spectra of 16 KiB.
        assert_eq!(live(&[2048], 2, 1.0), (1, true));
        assert_eq!(live(&[2048], 50, 1.0), (1, true));
        assert_eq!(live(&[2048], 400, 1.0), (8, true));
        assert_eq!(live(&[2048], 50_000, 1.0), (64, true));
    }

    #[test]
    fn large_points_of_a_live_stream_share_no_chunks() {
        let live = |element: &[u64], item| {
            let second = Duration::from_secs(1);
            let (chunk, filtered) = live_stream_chunk(element, item, MAX_CHUNK, 1, second).unwrap();
            assert!(filtered);
            chunk.dims()
        };
        assert_eq!(live(&[300, 400], 8), [1, 300, 400]);
        assert_eq!(live(&[1100, 1000], 1), [1, 550, 1000]);
        assert_eq!(live(&[2162, 2068], 4), [1, 121, 2068]);
    }

    #[test]
    fn a_memory_budget_has_the_last_word() {
        let second = Duration::from_secs(1);
        let length = |points| {
            live_stream_chunk(&[], 8, 2048, points, second)
                .unwrap()
                .0
                .length
        };
        assert_eq!(length(1), 256);
        assert_eq!(length(1_000_000), 256);
    }
}
