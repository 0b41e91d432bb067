//! Memory that is used again.
//!
//! Blocks of a megabyte go back to the operating system when they are freed and come back page by
//! page, which costs as much as compressing a part of them. A [`Recycler`] keeps some.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// Below this a buffer is cheaper to allocate than to keep.
const LEAST_KEPT: usize = 32 << 10;

/// Buffers that wait for their next use. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recycler {
    shelf: Arc<Mutex<Shelf>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Shelf {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

impl Recycler {
    /// Keeps at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Recycler {
        Recycler {
            shelf: Arc::default(),
            limit,
        }
    }

    /// An empty buffer with room for `capacity` bytes.
    pub(crate) fn take(&self, capacity: usize) -> Buffer {
        let found = (capacity >= LEAST_KEPT)
            .then(|| self.find(capacity))
            .flatten();
        Buffer {
            bytes: found.unwrap_or_else(|| Vec::with_capacity(capacity)),
            home: Some(self.clone()),
        }
    }

    /// The last one that is large enough, and not so large that another one needs it more.
    fn find(&self, capacity: usize) -> Option<Vec<u8>> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<u8>| {
            buffer.capacity() >= capacity && buffer.capacity() <= capacity.saturating_mul(4)
        };
        let place = shelf.buffers.iter().rposition(fits)?;
        let buffer = shelf.buffers.swap_remove(place);
        shelf.bytes -= buffer.capacity();
        Some(buffer)
    }

    fn put(&self, mut buffer: Vec<u8>) {
        let size = buffer.capacity();
        if size < LEAST_KEPT {
            return;
        }
        buffer.clear();
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.bytes + size <= self.limit {
            shelf.bytes += size;
            shelf.buffers.push(buffer);
        }
    }
}

/// Bytes that go back to their [`Recycler`] when they are dropped.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    home: Option<Recycler>,
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            home.put(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_is_used_again() {
        let recycler = Recycler::new(1 << 20);
        let mut buffer = recycler.take(100_000);
        buffer.extend_from_slice(b"old");
        let place = buffer.as_ptr();
        drop(buffer);
        let again = recycler.take(90_000);
        assert_eq!(again.as_ptr(), place);
        assert!(again.is_empty());
    }

    #[test]
    fn no_more_is_kept_than_allowed() {
        let recycler = Recycler::new(250_000);
        let buffers: Vec<_> = (0..3).map(|_| recycler.take(100_000)).collect();
        drop(buffers);
        let shelf = recycler.shelf.lock().unwrap();
        assert_eq!(shelf.buffers.len(), 2);
        assert!(shelf.bytes <= 250_000);
    }

    #[test]
    fn a_small_request_does_not_take_a_large_buffer() {
        let recycler = Recycler::new(1 << 20);
        drop(recycler.take(1 << 20));
        assert!(recycler.take(100).capacity() < 1000);
        assert!(recycler.take(40_000).capacity() < 1 << 20);
        assert_eq!(recycler.take(1 << 19).capacity(), 1 << 20);
    }
}
