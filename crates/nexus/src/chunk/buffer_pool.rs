//! Memory that is reused.
//!
//! The allocator returns blocks of a megabyte to the operating system when they are freed, and the
//! system maps new ones page by page, which takes as long as compressing a part of them. A
//! [`BufferPool`] keeps some of them allocated.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// The smallest capacity that is kept. It is cheaper to allocate a smaller buffer than to keep it.
const MIN_KEPT: usize = 32 << 10;

/// The buffers that are not in use. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct BufferPool {
    idle: Arc<Mutex<IdleBuffers>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct IdleBuffers {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

impl BufferPool {
    /// Returns an empty pool that keeps at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> BufferPool {
        BufferPool {
            idle: Arc::default(),
            limit,
        }
    }

    /// Returns an empty buffer with room for `capacity` bytes.
    pub(crate) fn take(&self, capacity: usize) -> PooledBuffer {
        let found = (capacity >= MIN_KEPT)
            .then(|| self.find(capacity))
            .flatten();
        PooledBuffer {
            bytes: found.unwrap_or_else(|| Vec::with_capacity(capacity)),
            pool: Some(self.clone()),
        }
    }

    /// Returns the buffer that was put last and has at least `capacity` bytes, but no more than four
    /// times as many, so that small requests do not use up the large buffers.
    fn find(&self, capacity: usize) -> Option<Vec<u8>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<u8>| {
            buffer.capacity() >= capacity && buffer.capacity() <= capacity.saturating_mul(4)
        };
        let index = idle.buffers.iter().rposition(fits)?;
        let buffer = idle.buffers.swap_remove(index);
        idle.bytes -= buffer.capacity();
        Some(buffer)
    }

    fn put(&self, mut buffer: Vec<u8>) {
        let size = buffer.capacity();
        if size < MIN_KEPT {
            return;
        }
        buffer.clear();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.bytes + size <= self.limit {
            idle.bytes += size;
            idle.buffers.push(buffer);
        }
    }
}

/// A buffer that returns to its [`BufferPool`] when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct PooledBuffer {
    bytes: Vec<u8>,
    pool: Option<BufferPool>,
}

impl Deref for PooledBuffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for PooledBuffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            pool.put(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_is_used_again() {
        let buffers = BufferPool::new(1 << 20);
        let mut buffer = buffers.take(100_000);
        buffer.extend_from_slice(b"old");
        let address = buffer.as_ptr();
        drop(buffer);
        let again = buffers.take(90_000);
        assert_eq!(again.as_ptr(), address);
        assert!(again.is_empty());
    }

    #[test]
    fn no_more_is_kept_than_allowed() {
        let buffers = BufferPool::new(250_000);
        let taken: Vec<_> = (0..3).map(|_| buffers.take(100_000)).collect();
        drop(taken);
        let idle = buffers.idle.lock().unwrap();
        assert_eq!(idle.buffers.len(), 2);
        assert!(idle.bytes <= 250_000);
    }

    #[test]
    fn a_small_request_does_not_take_a_large_buffer() {
        let buffers = BufferPool::new(1 << 20);
        drop(buffers.take(1 << 20));
        assert!(buffers.take(100).capacity() < 1000);
        assert!(buffers.take(40_000).capacity() < 1 << 20);
        assert_eq!(buffers.take(1 << 19).capacity(), 1 << 20);
    }
}
