//! Points on their way to those who look at running scans.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::number::Counter;

/// The most bytes that wait to be taken.
const LIMIT: usize = 4 << 20;

/// What a block costs beside its data.
const BLOCK_OVERHEAD: usize = 64;

/// Points of a channel of numbers, as they were published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveBlock {
    /// Number of the scan.
    pub scan: u64,
    /// Index of the channel in the scan.
    pub channel: usize,
    /// Index of the first point.
    pub first: u64,
    /// The points, in the type of the channel.
    pub data: Box<[u8]>,
}

/// Points of scans that somebody looks at. Nobody waits for room: what finds none is dropped and counted.
///
/// Nobody is woken when there is something, because that would cost the sender more than everything else here. The
/// reader comes by, several times per second.
#[derive(Debug, Default)]
pub struct LiveQueue {
    waiting: Mutex<WaitingBlocks>,
    dropped: Counter,
}

#[derive(Debug, Default)]
struct WaitingBlocks {
    blocks: Vec<LiveBlock>,
    bytes: usize,
}

impl LiveQueue {
    /// Returns how many blocks were dropped because nobody took those before them in time.
    pub fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    /// Takes all blocks, in the order in which they came.
    pub fn take(&self) -> Vec<LiveBlock> {
        std::mem::take(&mut *self.waiting()).blocks
    }

    /// Adds a copy of these points, if there is room.
    pub(super) fn offer(&self, scan: u64, channel: usize, first: u64, data: &[u8]) {
        let bytes = data.len() + BLOCK_OVERHEAD;
        let mut waiting = self.waiting();
        if waiting.bytes + bytes > LIMIT {
            drop(waiting);
            return self.dropped.increment();
        }
        waiting.bytes += bytes;
        waiting.blocks.push(LiveBlock {
            scan,
            channel,
            first,
            data: data.into(),
        });
    }

    /// No code runs under the lock that could leave the list half changed.
    fn waiting(&self) -> MutexGuard<'_, WaitingBlocks> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted() {
        let queue = LiveQueue::default();
        let data = vec![0; LIMIT / 4];
        for first in 0..5 {
            queue.offer(1, 0, first, &data);
        }
        assert_eq!((queue.take().len(), queue.dropped()), (3, 2));
        queue.offer(1, 0, 5, &data);
        assert_eq!((queue.take()[0].first, queue.dropped()), (5, 2));
    }
}
