//! How large chunks are.
//!
//! A chunk is the unit that is compressed and read as a whole. The default of 1 MiB is what the
//! Python writer of BLISS 2 uses; it is also the size of the chunk cache of a reader.

use std::time::Duration;

use super::point_size;

/// Bytes of a chunk, unless there is little memory or little data.
pub const MAX_CHUNK: u64 = 1 << 20;

/// Bytes below which a chunk costs more in bookkeeping than it is worth.
pub const MIN_CHUNK: u64 = 8 << 10;

/// Of how long a time the points of a slow stream share a chunk.
const LIVE_SPAN: f64 = 4.0;

/// Shortest time a rate is measured over: the first points of a scan come in a burst.
const LEAST_ELAPSED: f64 = 0.5;

/// How many points larger than a chunk are held in memory to share chunks.
const MOST_LARGE_POINTS: u64 = 16;

/// Shape of the chunks of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkShape {
    /// Number of points, at least 1.
    pub length: u64,
    /// Extent in each dimension of a point, at least 1 each; empty for scalars.
    pub element: Vec<u64>,
}

impl ChunkShape {
    /// Length and element together, as HDF5 wants it.
    pub fn dims(&self) -> Vec<u64> {
        let mut dims = vec![self.length];
        dims.extend(&self.element);
        dims
    }

    /// Bytes of one chunk before compression, for an item size in bytes.
    pub fn size(&self, item: usize) -> u64 {
        point_size(&self.element, item).saturating_mul(self.length)
    }
}

/// Chunks of about `target` bytes for points of shape `element` and `item` bytes per number.
///
/// Small points stay whole, so that gathering them is one copy. Points larger than a chunk are
/// divided from the last dimension to the first, in four at most, as blisswriter 3.0.0 does; a
/// chunk then spans several points, but no more than [`MOST_LARGE_POINTS`], because so many must be
/// in memory at once. `None` as long as a point has no elements.
pub fn sealed_chunk(element: &[u64], item: usize, target: u64) -> Option<ChunkShape> {
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

/// Chunks for a stream of which `points` came in the time `elapsed` and no end is in sight.
///
/// The chunk that is being filled is stored again at each commit, so a slow stream gets small
/// chunks: as many points as come in four seconds, rounded to a power of two, between [`MIN_CHUNK`]
/// and `target` bytes. Points that are larger share no chunks, so that each is stored once.
pub fn live_chunk(
    element: &[u64],
    item: usize,
    target: u64,
    points: u64,
    elapsed: Duration,
) -> Option<ChunkShape> {
    let full = sealed_chunk(element, item, target)?;
    let point = point_size(element, item);
    if point > target {
        return Some(single_point(element, item, target));
    }
    let rate = points as f64 / elapsed.as_secs_f64().max(LEAST_ELAPSED);
    let wanted = (rate * LIVE_SPAN).max(1.0).log2().round().min(62.0);
    let least = MIN_CHUNK.min(target).div_ceil(point).next_power_of_two();
    let most = 1 << (target / point).ilog2();
    Some(ChunkShape {
        length: (1 << wanted as u32).max(least).min(most),
        element: full.element,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(element: &[u64], item: usize) -> (Vec<u64>, u64) {
        let chunk = sealed_chunk(element, item, MAX_CHUNK).unwrap();
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
        assert_eq!(sealed_chunk(&[0, 4], 8, MAX_CHUNK), None);
        assert_eq!(
            live_chunk(&[0], 8, MAX_CHUNK, 3, Duration::from_secs(1)),
            None
        );
    }

    #[test]
    fn absurd_shapes_do_not_overflow() {
        let chunk = sealed_chunk(&[u64::MAX, u64::MAX], 8, MAX_CHUNK).unwrap();
        assert!(chunk.size(8) < 4 << 20, "{chunk:?}");
        // Blisswriter would gather 131 072 points of 344 MB.
        let chunk = sealed_chunk(&[3; 16], 8, MAX_CHUNK).unwrap();
        assert!(chunk.length == 1 && chunk.size(8) <= 1 << 20, "{chunk:?}");
    }

    #[test]
    fn chunks_of_a_live_stream_follow_its_rate() {
        let length = |element: &[u64], points, seconds| {
            let elapsed = Duration::from_secs_f64(seconds);
            live_chunk(element, 8, MAX_CHUNK, points, elapsed)
                .unwrap()
                .length
        };
        // One value in half a second: the smallest chunk.
        assert_eq!(length(&[], 1, 0.5), 1024);
        assert_eq!(length(&[], 0, 0.5), 1024);
        // 1000 values per second: 4000 are 31 KiB, a power of two is 4096.
        assert_eq!(length(&[], 500, 0.5), 4096);
        // A burst is not mistaken for a rate.
        assert_eq!(length(&[], 500, 0.001), 4096);
        assert_eq!(length(&[], 1_000_000, 1.0), 131_072);
        // Spectra of 16 KiB, two per second; large images.
        assert_eq!(length(&[2048], 2, 1.0), 8);
        assert_eq!(length(&[2048], 500, 1.0), 64);
        assert_eq!(length(&[300, 400], 1, 1.0), 1);
        let second = Duration::from_secs(1);
        let image = live_chunk(&[1100, 1000], 1, MAX_CHUNK, 10, second).unwrap();
        assert_eq!(image.dims(), [1, 550, 1000]);
        let image = live_chunk(&[2162, 2068], 4, MAX_CHUNK, 10, second).unwrap();
        assert_eq!(image.dims(), [1, 121, 2068]);
        // A memory budget may allow less than the smallest chunk wanted.
        let small = live_chunk(&[], 8, 4096, 1, second).unwrap();
        assert_eq!(small.length, 512);
    }
}
