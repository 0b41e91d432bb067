//! Chooses the shape of chunks.
//!
//! HDF5 compresses and reads chunks as a whole. The Python writer of BLISS 2 uses chunks of 1 MiB, as
//! this module does; it is also the default size of the chunk cache of a reader.

use std::time::Duration;

use super::point_size;

/// The size of a chunk in bytes, unless there is little memory or little data.
pub(crate) const MAX_CHUNK: u64 = 1 << 20;

/// The size of the smallest chunk in bytes. The entries of smaller chunks in the chunk index would
/// take too much space.
const MIN_CHUNK: u64 = 4 << 10;

/// The size in bytes of the smallest chunk that is compressed.
const MIN_FILTERED: u64 = 8 << 10;

/// The size in bytes from which on a point is large: a spectrum or an image.
const LARGE_POINT: u64 = 4 << 10;

/// The number of parts into which spectra are divided. The counts in a part are more alike than those of a
/// whole spectrum, so that one code for all of them is shorter: for fluorescence spectra by 4 %.
const SPECTRUM_PARTS: u64 = 4;

/// The size in bytes of the smallest chunk of parts of spectra.
const MIN_PARTS: u64 = 64 << 10;

/// The time in seconds that a chunk of a slow stream covers.
const SLOW_SPAN: f64 = 4.0;

/// The time in seconds that a chunk of a fast stream covers. It is about the time between two flushes,
/// so that readers rarely have to see a chunk that is not full.
const FAST_SPAN: f64 = 0.25;

/// The time in seconds that a chunk of large points covers. Readers see only full chunks of them, and
/// live plots expect about as many spectra as scalars.
const LARGE_SPAN: f64 = 0.02;

/// The shortest time in seconds over which a rate is measured, because the first points of a scan
/// arrive in a burst.
const MIN_ELAPSED: f64 = 0.5;

/// The number of points larger than a chunk that are held in memory to share chunks.
const MAX_LARGE_POINTS: u64 = 16;

/// The shape of the chunks of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkShape {
    /// The number of points, at least 1.
    pub length: u64,
    /// The length in each dimension of a point, at least 1. It is empty for scalars.
    pub element: Vec<u64>,
}

impl ChunkShape {
    /// Returns the length in all dimensions of the dataset.
    pub(crate) fn dims(&self) -> Vec<u64> {
        let mut dims = vec![self.length];
        dims.extend(&self.element);
        dims
    }

    /// Returns the size of one chunk in bytes before compression, for elements of `item` bytes.
    pub(crate) fn size(&self, item: usize) -> u64 {
        point_size(&self.element, item).saturating_mul(self.length)
    }
}

/// Returns the shape of chunks of about `target` bytes, for points of shape `element` with elements of
/// `item` bytes.
///
/// Small points are not divided, so that one copy appends them to a slab. Spectra are divided into four parts, which
/// share the bytes among smaller chunks: as many points are in memory as if they were whole. Points larger than a
/// chunk are divided from the last dimension to the first, into at most four parts per dimension, as blisswriter 3.0.0
/// does. A chunk then spans several points, but no more than 16, because all of them must be in memory at once. Returns
/// `None` if a point has no elements.
pub(crate) fn ended_stream_chunk(element: &[u64], item: usize, target: u64) -> Option<ChunkShape> {
    let point = point_size(element, item);
    if point == 0 || target == 0 {
        return None;
    }
    if point <= target {
        let length = target.div_ceil(point);
        let element = match *element {
            [channels] if point >= LARGE_POINT => {
                let parts = length.saturating_mul(point) / MIN_PARTS;
                vec![channels.div_ceil(parts.clamp(1, SPECTRUM_PARTS))]
            }
            _ => element.to_vec(),
        };
        return Some(ChunkShape { length, element });
    }
    let mut size = item as u64;
    let mut divided = element.to_vec();
    for length in divided.iter_mut().rev() {
        *length = length.div_ceil(4).min(target.div_ceil(size));
        size = size.saturating_mul(*length);
    }
    let length = target.div_ceil(size);
    if length > MAX_LARGE_POINTS {
        return Some(single_point(element, item, target));
    }
    Some(ChunkShape {
        length,
        element: divided,
    })
}

/// Returns the shape of chunks that hold one part of one point larger than `target`. The parts are as
/// equal as possible.
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

/// Returns the shape of the chunks of a stream that has not ended, and `true` if they are compressed.
/// `points` of the stream arrived in the time `elapsed`.
///
/// A chunk that is not full is stored without compression, at its full size, when readers have to see
/// its points. If such a chunk is compressed when it becomes full, HDF5 stores it elsewhere and may
/// reuse its old space while a reader still reads from there; the reader would see garbage. Therefore
/// the chunks of slow streams are small, hold the points of four seconds, and are never compressed.
/// Where the points of a quarter of a second are worth compressing, a chunk holds that many, so that
/// it is full before readers have to see it. Chunks of large points hold very few points for the same
/// reason. Lengths are powers of two.
///
/// Points larger than `target` share no chunks, so that each chunk is stored once.
pub(crate) fn live_stream_chunk(
    element: &[u64],
    item: usize,
    target: u64,
    points: u64,
    elapsed: Duration,
) -> Option<(ChunkShape, bool)> {
    let point = point_size(element, item);
    if point == 0 || target == 0 {
        return None;
    }
    if point > target {
        return Some((single_point(element, item, target), true));
    }
    let rate = points as f64 / elapsed.as_secs_f64().max(MIN_ELAPSED);
    let length = |span: f64| 1u64 << (rate * span).max(1.0).log2().round().min(40.0) as u32;
    let max_length = 1 << (target / point).ilog2();
    let (length, filtered) = if point >= LARGE_POINT {
        (length(LARGE_SPAN), true)
    } else if length(FAST_SPAN) * point >= MIN_FILTERED {
        (length(FAST_SPAN), true)
    } else {
        let min_length = MIN_CHUNK.min(target).div_ceil(point).next_power_of_two();
        (length(SLOW_SPAN).max(min_length), false)
    };
    let chunk = ChunkShape {
        length: length.min(max_length),
        element: element.to_vec(),
    };
    Some((chunk, filtered))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(element: &[u64], item: usize) -> (Vec<u64>, u64) {
        let chunk = ended_stream_chunk(element, item, MAX_CHUNK).unwrap();
        (chunk.dims(), chunk.size(item))
    }

    #[test]
    fn small_points_stay_whole() {
        assert_eq!(ended(&[], 8), (vec![131_072], 1 << 20));
        assert_eq!(ended(&[3], 1), (vec![349_526, 3], 1_048_578));
        assert_eq!(ended(&[1000], 4), (vec![263, 1000], 1_052_000));
        assert_eq!(ended(&[512, 512], 2), (vec![2, 512, 512], 1 << 20));
        assert_eq!(ended(&[1024, 1024], 1), (vec![1, 1024, 1024], 1 << 20));
    }

    #[test]
    fn spectra_are_divided() {
        assert_eq!(ended(&[1024], 4), (vec![256, 256], 256 << 10));
        assert_eq!(ended(&[4095], 4), (vec![65, 1024], 260 << 10));
        assert_eq!(ended(&[100_000], 8), (vec![2, 25_000], 400_000));
        let small = |target| ended_stream_chunk(&[4096], 4, target).unwrap().dims();
        assert_eq!(small(128 << 10), [8, 2048]);
        assert_eq!(small(16 << 10), [1, 4096]);
    }

    /// The expected values are those of blisswriter 3.0.0.
    #[test]
    fn large_points_are_divided() {
        assert_eq!(ended(&[2048, 2048], 4), (vec![1, 512, 512], 1 << 20));
        assert_eq!(ended(&[4096, 4096], 2), (vec![1, 512, 1024], 1 << 20));
        assert_eq!(ended(&[2162, 2068], 4), (vec![1, 508, 517], 1_050_544));
        assert_eq!(ended(&[2_000_000], 1), (vec![3, 500_000], 1_500_000));
        assert_eq!(ended(&[10_000_000], 8), (vec![1, 131_072], 1 << 20));
        assert_eq!(ended(&[7, 1_000_000], 4), (vec![1, 2, 250_000], 2_000_000));
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
        // Blisswriter would collect 131 072 points of 344 MB.
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
        // One value in half a second leads to the smallest chunk.
        assert_eq!(live(&[], 1, 0.5), (512, false));
        assert_eq!(live(&[], 0, 0.5), (512, false));
        // 1000 values per second are 4000 values in four seconds; the nearest power of two is 4096.
        assert_eq!(live(&[], 500, 0.5), (4096, false));
        // The rate of a short burst is measured over half a second.
        assert_eq!(live(&[], 500, 0.001), (4096, false));
        // A stream that is too slow for compression, and three that are fast enough.
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
    fn chunks_never_exceed_the_memory_budget() {
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
