//! When and how the data of a stream go into the file.

use crate::chunk::MAX_CHUNK;

/// The properties of a stream that determine how its data are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WritePolicy {
    /// Whether readers have to see the points while the scan is running.
    pub mode: WriteMode,
    /// The size of a chunk in bytes, and therefore about the memory for the stream. It is 1 MiB, or less
    /// for a scan of very many streams, see [`WritePolicy::with_memory`].
    pub chunk: u64,
}

/// Whether readers have to see the points while the scan is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// All points are published already or will be soon. They are stored chunk by chunk, with the best
    /// compression.
    Backlog,
    /// The scan is running. Readers see all points after each flush.
    Live,
}

/// The size in bytes of the smallest chunk of a scan of very many streams.
const MIN_CHUNK: u64 = 16 << 10;

impl WritePolicy {
    /// Returns the policy for streams that have ended or will end soon.
    pub fn backlog() -> WritePolicy {
        WritePolicy {
            mode: WriteMode::Backlog,
            chunk: MAX_CHUNK,
        }
    }

    /// Returns the policy for streams of a running scan.
    pub fn live() -> WritePolicy {
        WritePolicy {
            mode: WriteMode::Live,
            chunk: MAX_CHUNK,
        }
    }

    /// Returns the policy for one of `streams` streams that together use at most `memory` bytes. They
    /// use more if there are so many streams that the smallest chunks, or single points, are larger
    /// than their share.
    pub fn with_memory(self, memory: u64, streams: usize) -> WritePolicy {
        let share = memory / (streams as u64).max(1);
        let chunk = share.clamp(MIN_CHUNK, MAX_CHUNK);
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
        assert_eq!(chunk(1_000_000), MIN_CHUNK);
    }
}
