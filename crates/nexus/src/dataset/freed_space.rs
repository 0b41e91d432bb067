//! Places of chunks that readers may still look at.
//!
//! A chunk of a compressed dataset is shown before it is full, as it is, and compressed once it is
//! full. The old place is free then, and HDF5 would take it at once, even for the compressed chunk
//! itself. But a reader that has the file open finds its chunks where they were when it looked for
//! them, and would see garbage. So the space is not used again before such readers had time to look again.
//!
//! HDF5 has no means for that; but a dataset can own the place, one without a name that vanishes
//! when it is closed, or with the file. To get hold of it, the chunks are taken out of their dataset
//! by making it shorter, and the nameless one takes what has become free before anything else does.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::h5::{self, ReservedSpan, StoredChunk};

/// How long a place is kept: longer than the time between two commits, because until then the old
/// place is the right one, and some seconds more.
const HOLD_TIME: Duration = Duration::from_secs(10);

/// Most places kept; each costs the library 64 KiB of memory.
const MAX_SPANS: usize = 128;

/// Most bytes kept.
const MAX_BYTES: u64 = 256 << 20;

/// How often a span is reserved in order to cover the place.
const MAX_TRIES: usize = 4;

/// Places out of use, the oldest first.
#[derive(Debug, Default)]
pub(super) struct FreedSpaceReserve {
    entries: VecDeque<ReserveEntry>,
    bytes: u64,
}

#[derive(Debug)]
struct ReserveEntry {
    /// It lives as long as this.
    _span: ReservedSpan,
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

impl FreedSpaceReserve {
    /// Frees what was kept long enough.
    pub fn drop_expired(&mut self) {
        while self
            .entries
            .front()
            .is_some_and(|entry| entry.since.elapsed() >= HOLD_TIME)
        {
            self.drop_oldest();
        }
    }

    /// Frees chunks of `dataset` with `free`, and keeps their places out of use.
    ///
    /// `chunks` are those that `free` takes out, with the first byte of each. Where a place cannot
    /// be kept, it can be used at once, as without all this.
    pub fn free_chunks(
        &mut self,
        dataset: &h5::Dataset,
        chunks: Vec<(StoredChunk, u8)>,
        free: impl FnOnce() -> h5::Result<()>,
    ) -> h5::Result<()> {
        self.drop_expired();
        // Before, so that what describes a reserved span does not lie in it.
        let prepared: Vec<_> = spans(chunks)
            .into_iter()
            .map(|span| (span, dataset.prepare_span(span.size)))
            .collect();
        free()?;
        for (span, reserved) in prepared {
            if let Err(error) =
                reserved.and_then(|reserved| self.reserve_span(dataset, span, reserved))
            {
                tracing::debug!(%error, "the place of a chunk cannot be kept");
            }
        }
        Ok(())
    }

    /// Reserves spans until they cover the place. Those that are elsewhere are released at the end.
    fn reserve_span(
        &mut self,
        dataset: &h5::Dataset,
        span: Span,
        reserved: ReservedSpan,
    ) -> h5::Result<()> {
        let mut next = Some(reserved);
        let mut covered = 0;
        let mut elsewhere = Vec::new();
        for _ in 0..MAX_TRIES {
            let reserved = match next.take() {
                Some(reserved) => reserved,
                None => dataset.prepare_span(span.size)?,
            };
            let address = reserved.allocate(span.first)?;
            let overlap = (address + span.size)
                .min(span.address + span.size)
                .saturating_sub(address.max(span.address));
            if overlap == 0 {
                elsewhere.push(reserved);
                continue;
            }
            self.hold(reserved, span.size);
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
    pub fn hold(&mut self, reserved: ReservedSpan, size: u64) {
        while self.entries.len() >= MAX_SPANS
            || (self.bytes + size > MAX_BYTES && !self.entries.is_empty())
        {
            self.drop_oldest();
        }
        self.bytes += size;
        self.entries.push_back(ReserveEntry {
            _span: reserved,
            size,
            since: Instant::now(),
        });
    }

    fn drop_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.size;
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
