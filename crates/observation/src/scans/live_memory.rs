//! The memory of the channels of all scans.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the channels of running and past scans may need, in bytes.
const USUAL_LIMIT: usize = 8 << 20;

/// The memory of the channels of all scans. Clones are the same memory.
#[derive(Debug, Clone)]
pub struct LiveMemory(Arc<Amounts>);

#[derive(Debug)]
struct Amounts {
    used: AtomicUsize,
    limit: AtomicUsize,
}

impl Default for LiveMemory {
    fn default() -> LiveMemory {
        LiveMemory(Arc::new(Amounts {
            used: AtomicUsize::new(0),
            limit: AtomicUsize::new(USUAL_LIMIT),
        }))
    }
}

impl LiveMemory {
    /// Sets how many bytes may be used. With 0, no data are kept.
    pub fn set_limit(&self, bytes: usize) {
        self.0.limit.store(bytes, Ordering::Relaxed);
    }

    /// Returns the bytes that are used.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Returns `true` if no data are kept.
    pub(super) fn is_off(&self) -> bool {
        self.0.limit.load(Ordering::Relaxed) == 0
    }

    /// Returns `true` if more is used than may be.
    pub(super) fn is_short(&self) -> bool {
        self.used() > self.0.limit.load(Ordering::Relaxed)
    }

    /// Takes bytes whether they are there or not.
    pub(super) fn add(&self, bytes: usize) {
        self.0.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes bytes if they are there.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.add(bytes);
        if self.is_short() {
            self.give_back(bytes);
            return false;
        }
        true
    }

    /// Gives bytes back.
    pub(super) fn give_back(&self, bytes: usize) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
