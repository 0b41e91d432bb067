//! Many threads, many greenlets, random cancellations and timeouts everywhere. Seeded: every
//! run has the same waits, cancelled after the same number of turns; only the threads interleave differently.

mod events;
mod locks;
mod queues;
mod triggers;

use std::future::Future;
use std::time::Duration;

/// Xorshift: reproducible, and different for each seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    pub(crate) fn seeded(seed: usize) -> Self {
        Random(seed as u64 * 0x9e37_79b9 + 1)
    }

    /// Awaits `future`, or cancels it after a random number of turns of the hub, or by a timer.
    pub(crate) async fn cancelled<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let turns = self.below(6);
        let cancellation = async {
            if turns == 5 {
                hub::sleep(Duration::from_micros(50)).await;
            }
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            output = future => Some(output),
            () = cancellation => None,
        }
    }
}
