//! Places of chunks that readers may still look at.
//!
//! A chunk of a compressed dataset is shown before it is full, as it is, and compressed once it is
//! full. The old place is free then, and HDF5 would take it at once, even for the compressed chunk
//! itself. But a reader that has the file open finds its chunks where they were when it looked for
//! them, and would see garbage. So nobody gets the place before such readers had time to look again.
//!
//! HDF5 has no means for that; but a dataset can own the place, one without a name that vanishes
//! when it is closed, or with the file. To get hold of it, the chunks are taken out of their dataset
//! by making it shorter, and the nameless one takes what has become free before anything else does.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::h5::{self, Hole, StoredChunk};

/// How long a place is kept: longer than the time between two commits, because until then the old
/// place is the right one, and some seconds more.
const KEPT: Duration = Duration::from_secs(10);

/// Most places kept; each costs the library 64 KiB of memory.
const MOST: usize = 128;

/// Most bytes kept.
const MOST_BYTES: u64 = 256 << 20;

/// How often a hole is looked for that covers the place.
const TRIES: usize = 4;

/// Places out of use, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    held: VecDeque<Held>,
    bytes: u64,
}

#[derive(Debug)]
struct Held {
    /// It lives as long as this.
    _hole: Hole,
    size: u64,
    since: Instant,
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    address: u64,
    size: u64,
    /// What is there.
    first: u8,
}

impl Quarantine {
    /// Gives back what was kept long enough.
    pub fn release(&mut self) {
        while self
            .held
            .front()
            .is_some_and(|held| held.since.elapsed() >= KEPT)
        {
            self.drop_oldest();
        }
    }

    /// Frees chunks of `dataset` with `free`, and keeps their places out of use.
    ///
    /// `chunks` are those that `free` takes out, with the first byte of each. Where a place cannot
    /// be kept, it can be used at once, as without all this.
    pub fn free(
        &mut self,
        dataset: &h5::Dataset,
        chunks: Vec<(StoredChunk, u8)>,
        free: impl FnOnce() -> h5::Result<()>,
    ) -> h5::Result<()> {
        self.release();
        // Before, so that what describes a hole does not lie in it.
        let prepared: Vec<_> = spans(chunks)
            .into_iter()
            .map(|span| (span, dataset.prepare_hole(span.size)))
            .collect();
        free()?;
        for (span, hole) in prepared {
            if let Err(error) = hole.and_then(|hole| self.occupy(dataset, span, hole)) {
                tracing::debug!(%error, "the place of a chunk cannot be kept");
            }
        }
        Ok(())
    }

    /// Takes holes until they cover the place. What else they are is used again soon.
    fn occupy(&mut self, dataset: &h5::Dataset, span: Span, hole: Hole) -> h5::Result<()> {
        let mut next = Some(hole);
        let mut covered = 0;
        let mut elsewhere = Vec::new();
        for _ in 0..TRIES {
            let hole = match next.take() {
                Some(hole) => hole,
                None => dataset.prepare_hole(span.size)?,
            };
            let address = hole.take(span.first)?;
            let overlap = (address + span.size)
                .min(span.address + span.size)
                .saturating_sub(address.max(span.address));
            if overlap == 0 {
                elsewhere.push(hole);
                continue;
            }
            self.keep(hole, span.size);
            covered += overlap;
            if covered >= span.size {
                return Ok(());
            }
        }
        tracing::debug!(
            ?span,
            covered,
            "the place of a chunk is not kept as a whole"
        );
        Ok(())
    }

    /// Keeps a place of that size out of use.
    pub fn keep(&mut self, hole: Hole, size: u64) {
        while self.held.len() >= MOST || (self.bytes + size > MOST_BYTES && !self.held.is_empty()) {
            self.drop_oldest();
        }
        self.bytes += size;
        self.held.push_back(Held {
            _hole: hole,
            size,
            since: Instant::now(),
        });
    }

    fn drop_oldest(&mut self) {
        if let Some(held) = self.held.pop_front() {
            self.bytes -= held.size;
        }
    }
}

/// Chunks that lie side by side become one place, as they do when they are free.
fn spans(mut chunks: Vec<(StoredChunk, u8)>) -> Vec<Span> {
    chunks.sort_by_key(|(chunk, _)| chunk.address);
    let mut spans: Vec<Span> = Vec::new();
    for (chunk, first) in chunks {
        match spans.last_mut() {
            Some(last) if last.address + last.size == chunk.address => last.size += chunk.size,
            _ => spans.push(Span {
                address: chunk.address,
                size: chunk.size,
                first,
            }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_side_by_side_are_one() {
        let chunk = |address, size| {
            let skipped = 0;
            let chunk = StoredChunk {
                address,
                size,
                skipped,
            };
            (chunk, address as u8)
        };
        let span = |address, size| Span {
            address,
            size,
            first: address as u8,
        };
        let spans = spans(vec![
            chunk(30, 10),
            chunk(5, 5),
            chunk(20, 10),
            chunk(11, 3),
        ]);
        assert_eq!(spans, [span(5, 5), span(11, 3), span(20, 20)]);
    }
}
