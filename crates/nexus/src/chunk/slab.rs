//! A slab: the points that will share chunks.

use bytes::Bytes;

use super::{BufferPool, PooledBuffer};

/// Successive points that have the same shape, or that are all missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PointRun {
    /// The number of points.
    pub rows: u64,
    /// The shape of each point, or `None` if the points are missing.
    pub shape: Option<Box<[u64]>>,
}

/// Successive points, as they were published.
///
/// A slab does not pad points of variable shape: it holds only published bytes, and its memory grows
/// with them. A block that makes up a whole slab is not copied.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    runs: Vec<PointRun>,
    rows: u64,
    bytes: Payload,
}

#[derive(Debug)]
enum Payload {
    Owned(PooledBuffer),
    Shared(Bytes),
}

impl Default for Payload {
    fn default() -> Payload {
        Payload::Owned(PooledBuffer::default())
    }
}

impl Slab {
    /// Returns an empty slab.
    pub(crate) fn new() -> Slab {
        Slab::default()
    }

    /// Returns an empty slab with room for `expected` bytes, taken from a pool of buffers.
    pub(crate) fn recycled(buffers: &BufferPool, expected: usize) -> Slab {
        Slab {
            bytes: Payload::Owned(buffers.take(expected)),
            ..Slab::default()
        }
    }

    /// Returns a slab that consists of one block of `rows` points of the same shape.
    pub(crate) fn whole(rows: u64, shape: &[u64], data: Bytes) -> Slab {
        Slab {
            runs: vec![PointRun {
                rows,
                shape: Some(shape.into()),
            }],
            rows,
            bytes: Payload::Shared(data),
        }
    }

    /// Adds `rows` points of the same shape. The slab reserves at most `expected` bytes unless the
    /// points need more.
    pub(crate) fn push(&mut self, rows: u64, shape: &[u64], data: &[u8], expected: usize) {
        self.count(rows, Some(shape));
        if let Payload::Shared(shared) = &self.bytes {
            let mut owned = PooledBuffer::default();
            owned.extend_from_slice(shared);
            self.bytes = Payload::Owned(owned);
        }
        if let Payload::Owned(bytes) = &mut self.bytes {
            let needed = bytes.len() + data.len();
            if needed > bytes.capacity() {
                let wanted = (2 * bytes.capacity()).min(expected).max(needed);
                let more = wanted - bytes.len();
                bytes.reserve_exact(more);
            }
            bytes.extend_from_slice(data);
        }
    }

    /// Makes room for so many bytes of points, unless the points are those of a block that is not copied.
    pub(crate) fn reserve(&mut self, whole: usize) {
        if let Payload::Owned(bytes) = &mut self.bytes {
            let more = whole.saturating_sub(bytes.len());
            bytes.reserve_exact(more);
        }
    }

    /// Adds `rows` missing points.
    pub(crate) fn push_missing(&mut self, rows: u64) {
        self.count(rows, None);
    }

    fn count(&mut self, rows: u64, shape: Option<&[u64]>) {
        self.rows += rows;
        match self.runs.last_mut() {
            Some(run) if run.shape.as_deref() == shape => run.rows += rows,
            _ => self.runs.push(PointRun {
                rows,
                shape: shape.map(Into::into),
            }),
        }
    }

    /// Returns the number of points.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns `true` if the slab has no points.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Returns the bytes of all points that are not missing.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Payload::Owned(buffer) => buffer,
            Payload::Shared(bytes) => bytes,
        }
    }

    /// Returns about how many bytes of memory the points take, missing ones included.
    pub(crate) fn memory(&self) -> usize {
        // A run has the rank of a point as many lengths more, which are few.
        const RUN: usize = 2 * size_of::<PointRun>();
        self.bytes().len() + RUN * self.runs.len()
    }

    /// Returns an iterator over the runs, with the index of the first point, the run and its bytes.
    pub(crate) fn runs(&self, item: usize) -> impl Iterator<Item = (u64, &PointRun, &[u8])> {
        let (mut first, mut remaining) = (0, self.bytes());
        self.runs.iter().map(move |run| {
            let size = run.shape.as_deref().map_or(0, |shape| {
                super::point_size(shape, item).saturating_mul(run.rows) as usize
            });
            let (bytes, tail) = remaining.split_at(size);
            remaining = tail;
            first += run.rows;
            (first - run.rows, run, bytes)
        })
    }

    /// Returns `true` if no point is missing and all have this shape, so that the bytes are one array.
    pub(crate) fn is_regular(&self, shape: &[u64]) -> bool {
        self.runs.len() == 1 && self.runs[0].shape.as_deref() == Some(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_one_shape_are_one_run() {
        let mut slab = Slab::new();
        slab.push(2, &[2], &[1, 2, 3, 4], 100);
        slab.push(1, &[2], &[5, 6], 100);
        assert!(slab.is_regular(&[2]));
        assert_eq!((slab.rows(), slab.bytes()), (3, &[1, 2, 3, 4, 5, 6][..]));
    }

    #[test]
    fn runs_have_shapes_and_missing_points() {
        let mut slab = Slab::new();
        slab.push(1, &[2], &[1, 2], 100);
        slab.push_missing(3);
        slab.push_missing(1);
        slab.push(2, &[1], &[3, 4], 100);
        slab.push(1, &[0], &[], 100);
        let runs: Vec<_> = slab
            .runs(1)
            .map(|(first, run, bytes)| (first, run.rows, run.shape.as_deref(), bytes))
            .collect();
        assert_eq!(
            runs,
            [
                (0, 1, Some(&[2][..]), &[1, 2][..]),
                (1, 4, None, &[]),
                (5, 2, Some(&[1]), &[3, 4]),
                (7, 1, Some(&[0]), &[]),
            ]
        );
        assert!(!slab.is_regular(&[2]));
    }

    #[test]
    fn memory_follows_the_data() {
        let mut slab = Slab::new();
        for _ in 0..100 {
            slab.push(1, &[], &[0; 8], 1 << 20);
        }
        let Payload::Owned(buffer) = &slab.bytes else {
            panic!("the slab was never shared");
        };
        assert!(buffer.capacity() < 2000, "{}", buffer.capacity());
        let mut slab = Slab::new();
        slab.push(1, &[], &[0; 700], 1000);
        slab.push(1, &[], &[0; 200], 1000);
        let Payload::Owned(buffer) = &slab.bytes else {
            panic!("the slab was never shared");
        };
        assert_eq!(buffer.capacity(), 1000);
    }

    #[test]
    fn a_whole_block_is_not_copied() {
        let data = Bytes::from(vec![7; 64]);
        let slab = Slab::whole(8, &[], data.clone());
        assert_eq!(slab.bytes().as_ptr(), data.as_ptr());
        assert_eq!(slab.rows(), 8);
    }
}
