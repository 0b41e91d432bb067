//! Memory for replies with points, which the readers of many scans share.
//!
//! Each reader asks for no more than its share at once, so that replies of all readers together have a limit however
//! many there are, and no reader ever waits for another. Only a single point can make a reply larger than that. Such a
//! reply is taken into memory when there is room for it, one after the other: until then it stays on the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest size of a reply that is asked for, in bytes. Larger ones are not faster.
const MAX_TARGET: u64 = 1 << 20;
/// The smallest size of a reply that is asked for, in bytes, however many readers there are.
const MIN_TARGET: u64 = 64 << 10;
/// How much larger than asked for a reply may be, because the sizes of entries are estimated.
const TOLERANCE: u64 = 2;
/// A semaphore counts units of this many bytes: its permits are 32 bits wide.
const UNIT: u64 = 1 << 10;

/// Memory for replies, which readers share. Clones are handles of the same memory.
///
/// ```
/// use redis_client::ReplyMemory;
///
/// let memory = ReplyMemory::new(32 << 20, 64 << 20);
/// let first = memory.join();
/// assert_eq!(first.target(), 1 << 20);
/// let others: Vec<_> = (1..100).map(|_| memory.join()).collect();
/// assert!(first.target() < 200 << 10);
/// drop(others);
/// assert_eq!(first.target(), 1 << 20);
/// ```
#[derive(Debug, Clone)]
pub struct ReplyMemory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    usual: u64,
    readers: AtomicU64,
    /// Has a permit for each unit of memory for large replies that is free.
    large: Arc<Semaphore>,
    large_units: u32,
    /// Has the permit of the reader whose large reply arrives. Two that grow at the same time could wait for each other.
    turn: Arc<Semaphore>,
}

/// A reader's share of a [`ReplyMemory`]. Dropping it leaves more to the others.
#[derive(Debug)]
pub struct ReplyShare {
    shared: Arc<Shared>,
    turn: Option<OwnedSemaphorePermit>,
    held: Option<OwnedSemaphorePermit>,
}

/// A large reply, with the memory that it takes until the last part of it is dropped.
struct LargeReply {
    bytes: Bytes,
    _held: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for LargeReply {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl ReplyMemory {
    /// Returns memory of `usual` bytes for the usual replies of all readers together, and of `large` bytes for replies
    /// that are larger than the share of their reader.
    ///
    /// A reply that is larger than `large` is taken when no other large one is in memory.
    pub fn new(usual: u64, large: u64) -> ReplyMemory {
        let units = u32::try_from(large / UNIT).unwrap_or(u32::MAX).max(1);
        // The largest number of permits of a semaphore is smaller than that on machines of 32 bits.
        let units = units.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        ReplyMemory {
            shared: Arc::new(Shared {
                usual,
                readers: AtomicU64::new(0),
                large: Arc::new(Semaphore::new(units as usize)),
                large_units: units,
                turn: Arc::new(Semaphore::new(1)),
            }),
        }
    }

    /// Returns memory without a limit.
    pub fn unlimited() -> ReplyMemory {
        ReplyMemory::new(u64::MAX, u64::MAX)
    }

    /// Returns the share of one more reader.
    pub fn join(&self) -> ReplyShare {
        self.shared.readers.fetch_add(1, Ordering::Relaxed);
        ReplyShare {
            shared: Arc::clone(&self.shared),
            turn: None,
            held: None,
        }
    }
}

impl ReplyShare {
    /// Returns the size in bytes of the replies that the reader should ask for at present.
    pub fn target(&self) -> u64 {
        let readers = self.shared.readers.load(Ordering::Relaxed).max(1);
        (self.shared.usual / TOLERANCE / readers).clamp(MIN_TARGET, MAX_TARGET)
    }

    /// Waits until there is memory for a reply of at least `bytes` bytes, which arrives. May be called again with a
    /// larger number when more of the same reply is known. Cancel-safe.
    pub(crate) async fn cover(&mut self, bytes: u64) {
        if bytes <= self.target().saturating_mul(TOLERANCE) {
            return;
        }
        if self.turn.is_none() {
            // The semaphores are never closed, so this does not fail.
            self.turn = Arc::clone(&self.shared.turn).acquire_owned().await.ok();
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let held = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = (units.min(self.shared.large_units) as usize).saturating_sub(held);
        if missing == 0 {
            return;
        }
        let large = Arc::clone(&self.shared.large);
        let more = u32::try_from(missing).unwrap_or(u32::MAX);
        if let Ok(more) = large.acquire_many_owned(more).await {
            match &mut self.held {
                Some(held) => held.merge(more),
                held => *held = Some(more),
            }
        }
    }

    /// Attaches the memory that was waited for to the reply. The next reader may take a large one.
    pub(crate) fn attach(&mut self, reply: Bytes) -> Bytes {
        self.turn = None;
        match self.held.take() {
            Some(held) => Bytes::from_owner(LargeReply {
                bytes: reply,
                _held: held,
            }),
            None => reply,
        }
    }

    /// Gives back the memory of a reply that does not arrive any more: its connection is dropped.
    pub fn give_up(&mut self) {
        self.turn = None;
        self.held = None;
    }
}

impl Drop for ReplyShare {
    fn drop(&mut self) {
        self.shared.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_ready(future: impl Future) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        pin!(future).poll(&mut context).is_ready()
    }

    #[test]
    fn the_shares_of_many_readers_are_within_the_memory() {
        let memory = ReplyMemory::new(32 << 20, 1 << 20);
        let shares: Vec<_> = (0..100).map(|_| memory.join()).collect();
        let all: u64 = shares.iter().map(|share| TOLERANCE * share.target()).sum();
        assert!(all <= 32 << 20, "{all}");
        assert!(shares[0].target() > MIN_TARGET);
    }

    #[test]
    fn a_usual_reply_never_waits() {
        let memory = ReplyMemory::new(1 << 20, 1 << 20);
        let mut first = memory.join();
        let mut second = memory.join();
        assert!(is_ready(first.cover(1 << 30)));
        assert!(is_ready(second.cover(100 << 10)));
    }

    #[test]
    fn large_replies_wait_for_the_memory_of_those_before() {
        let memory = ReplyMemory::new(1 << 20, 10 << 20);
        let (mut first, mut second) = (memory.join(), memory.join());
        assert!(is_ready(first.cover(6 << 20)));
        // While one arrives, which may grow, no other does.
        assert!(!is_ready(second.cover(2 << 20)));
        let reply = first.attach(Bytes::from_static(b"6 MB"));
        let part = reply.slice(2..);
        drop(reply);
        assert!(is_ready(second.cover(2 << 20)));
        assert!(!is_ready(second.cover(5 << 20)), "a part is in use");
        drop(part);
        assert!(is_ready(second.cover(5 << 20)));
    }

    #[test]
    fn a_reply_larger_than_the_memory_is_taken_alone() {
        let memory = ReplyMemory::new(1 << 20, 10 << 20);
        let (mut first, mut second) = (memory.join(), memory.join());
        assert!(is_ready(first.cover(u64::MAX)));
        let reply = first.attach(Bytes::from_static(b"very large"));
        assert!(!is_ready(second.cover(3 << 20)));
        drop(reply);
        assert!(is_ready(second.cover(3 << 20)));
    }

    #[test]
    fn a_reader_that_ends_gives_back_what_it_had() {
        let memory = ReplyMemory::new(1 << 20, 10 << 20);
        let (mut first, mut second) = (memory.join(), memory.join());
        assert!(is_ready(first.cover(8 << 20)));
        first.give_up();
        assert!(is_ready(second.cover(8 << 20)));
        drop(second);
        assert!(is_ready(first.cover(8 << 20)));
    }
}
