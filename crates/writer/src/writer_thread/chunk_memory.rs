//! The memory for points of chunks that are not full, which all scans share.

use std::cell::Cell;
use std::rc::Rc;

/// Size of a chunk if there is enough memory.
const MAX_CHUNK_BYTES: u64 = 1 << 20;
/// Size of a chunk of a scan with many streams.
const SMALL_CHUNK_BYTES: u64 = 16 << 10;
/// Size of a chunk in the worst case, however many streams and scans there are.
const MIN_CHUNK_BYTES: u64 = 4 << 10;

/// The memory of all scans for chunks.
#[derive(Debug)]
pub(super) struct ChunkMemory {
    free: Cell<u64>,
}

impl ChunkMemory {
    /// Returns memory of so many bytes.
    pub fn new(bytes: u64) -> Rc<ChunkMemory> {
        Rc::new(ChunkMemory {
            free: Cell::new(bytes),
        })
    }

    /// Reserves memory for the chunks of `streams` streams.
    ///
    /// Does not wait for memory, because scans may last for hours: later scans get smaller chunks.
    pub fn share(memory: &Rc<ChunkMemory>, streams: usize) -> ChunkShare {
        let (free, streams) = (memory.free.get(), streams.max(1) as u64);
        // A third of the free memory is left for the next scans, unless chunks would become small.
        let wanted = (free / 3 * 2 / streams).max(SMALL_CHUNK_BYTES.min(free / streams));
        let chunk = 1 << wanted.clamp(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES).ilog2();
        let taken = (chunk * streams).min(free);
        memory.free.set(free - taken);
        ChunkShare {
            memory: memory.clone(),
            chunk,
            taken,
        }
    }
}

/// A scan's share of the memory for chunks. Dropping it returns it.
#[derive(Debug)]
pub(crate) struct ChunkShare {
    memory: Rc<ChunkMemory>,
    /// Bytes of one chunk.
    pub chunk: u64,
    taken: u64,
}

impl Drop for ChunkShare {
    fn drop(&mut self) {
        self.memory.free.set(self.memory.free.get() + self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scan_gets_large_chunks() {
        let memory = ChunkMemory::new(32 << 20);
        assert_eq!(ChunkMemory::share(&memory, 20).chunk, 1 << 20);
        // What it had is free again.
        assert_eq!(ChunkMemory::share(&memory, 20).chunk, 1 << 20);
    }

    #[test]
    fn many_streams_and_many_scans_take_little_more_than_the_memory() {
        for (scans, streams) in [(1, 2000), (100, 20), (4, 1000)] {
            let memory = 32 << 20;
            let all = ChunkMemory::new(memory);
            let shares: Vec<_> = (0..scans)
                .map(|_| ChunkMemory::share(&all, streams))
                .collect();
            let streams = streams as u64;
            let sum: u64 = shares.iter().map(|share| share.chunk * streams).sum();
            let guaranteed = scans * streams * MIN_CHUNK_BYTES;
            assert!(
                sum <= memory + guaranteed,
                "{scans} scans of {streams}: {sum}"
            );
            drop(shares);
            assert_eq!(all.free.get(), memory);
        }
    }

    #[test]
    fn there_is_a_smallest_chunk() {
        let memory = ChunkMemory::new(1 << 20);
        assert_eq!(ChunkMemory::share(&memory, 100_000).chunk, MIN_CHUNK_BYTES);
    }
}
