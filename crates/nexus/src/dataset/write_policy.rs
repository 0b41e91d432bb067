//! When and how the data of a stream go into the file.

use crate::chunk::MAX_CHUNK;

/// What is known about a stream when its dataset is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WritePolicy {
    /// Whether somebody may be looking.
    pub mode: WriteMode,
    /// Bytes of a chunk, and so of the memory for the stream: 1 MiB, or less for a scan of very
    /// many streams, see [`WritePolicy::with_memory`].
    pub chunk: u64,
}

/// Whether readers shall see the points soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// All points are there already or soon: they are stored in the best way, chunk by chunk.
    Backlog,
    /// The scan is going on: at each commit, readers get to see all points.
    Live,
}

/// Bytes below which chunks are no longer worth their name.
const LEAST_CHUNK: u64 = 16 << 10;

impl WritePolicy {
    /// For streams that have ended, or soon will have.
    pub fn backlog() -> WritePolicy {
        WritePolicy {
            mode: WriteMode::Backlog,
            chunk: MAX_CHUNK,
        }
    }

    /// For streams of a running scan.
    pub fn live() -> WritePolicy {
        WritePolicy {
            mode: WriteMode::Live,
            chunk: MAX_CHUNK,
        }
    }

    /// Returns the policy for one of `streams` streams that together shall not use more than `memory` bytes,
    /// as long as their points and not their number make it possible.
    pub fn with_memory(self, memory: u64, streams: usize) -> WritePolicy {
        let share = memory / (streams as u64).max(1);
        let chunk = share.clamp(LEAST_CHUNK, MAX_CHUNK);
        WritePolicy {
            chunk: 1 << chunk.ilog2(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_streams_get_small_chunks() {
        let chunk = |streams| WritePolicy::live().with_memory(256 << 20, streams).chunk;
        assert_eq!(chunk(0), MAX_CHUNK);
        assert_eq!(chunk(10), MAX_CHUNK);
        assert_eq!(chunk(256), MAX_CHUNK);
        assert_eq!(chunk(300), MAX_CHUNK / 2);
        assert_eq!(chunk(1_000_000), LEAST_CHUNK);
    }
}
