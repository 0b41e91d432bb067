//! Tells users of points that are larger than what the memory budget has for them.

use tracing::warn;

use crate::memory::MemoryBudget;
use crate::source::{ScanId, SourceEvent};

/// How many times its size a point needs: as it was read, and encoded if that does not make it smaller.
const COPIES: u64 = 2;

/// Looks for points that are larger than the memory for large replies.
///
/// They are saved nevertheless, one after the other.
#[derive(Debug)]
pub struct LargePoints {
    memory: MemoryBudget,
    is_reported: bool,
}

impl LargePoints {
    /// Returns the watch of one scan.
    pub fn new(memory: MemoryBudget) -> LargePoints {
        LargePoints {
            memory,
            is_reported: false,
        }
    }

    /// Logs that points are large, once.
    pub fn look(&mut self, scan: &ScanId, events: &[SourceEvent]) {
        if self.is_reported {
            return;
        }
        let sizes = events.iter().filter_map(|event| match event {
            SourceEvent::Points(block) => Some(block.data.len() as u64 / block.count.max(1)),
            _ => None,
        });
        let largest = sizes.max().unwrap_or(0);
        let room = self.memory.large_replies();
        if largest > room {
            self.is_reported = true;
            let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
            warn!(
                %scan,
                "points of {} MB are larger than the {} MB that --memory {} has for large ones: they are taken one after \
                 the other, and need up to {} MB",
                megabytes(largest),
                megabytes(room),
                self.memory,
                megabytes(COPIES * largest),
            );
        }
    }
}
