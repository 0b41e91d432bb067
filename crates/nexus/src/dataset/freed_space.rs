//! Reserves the space of freed chunks that readers may still read.
//!
//! A chunk that is not full is stored so that readers see its points, and is replaced by a compressed one
//! when it is full. HDF5 would reuse the old space immediately, even for the new chunk itself. But a reader that has the file open keeps the addresses of the
//! chunks that it has looked up, and would see garbage. Therefore the space is not reused before such
//! readers have had time to look up the new addresses.
//!
//! With a journal, its file driver hands out the space again when that is safe. Without one, or in a file that another
//! program has made, HDF5 has no function for that. But an anonymous dataset can own the space; HDF5 frees it when the
//! dataset or the file is closed. The chunks are removed from their dataset by reducing its extent, and
//! the anonymous dataset is allocated in the freed space before anything else is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::h5::{self, ReservedSpan, StoredChunk};

/// The time for which space is reserved. Readers use the old address until the next flush, so it is the
/// time between two flushes and some seconds more.
const HOLD_TIME: Duration = Duration::from_secs(10);

/// The largest number of reserved spans. The library uses 64 KiB of memory for each.
const MAX_SPANS: usize = 128;

/// The largest number of reserved bytes.
const MAX_BYTES: u64 = 256 << 20;

/// The largest number of spans that are allocated in order to cover one freed span.
const MAX_TRIES: usize = 4;

/// The reserved spans of files, the oldest first.
#[derive(Debug, Default)]
pub(super) struct FreedSpaceReserve {
    entries: VecDeque<ReserveEntry>,
    bytes: u64,
}

#[derive(Debug)]
struct ReserveEntry {
    /// The span is reserved as long as this value exists.
    _span: ReservedSpan,
    size: u64,
    since: Instant,
}

/// A contiguous part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    address: u64,
    size: u64,
    /// The first byte of the span.
    first: u8,
}

impl FreedSpaceReserve {
    /// Releases the spans that have been reserved for long enough.
    pub fn drop_expired(&mut self) {
        while self
            .entries
            .front()
            .is_some_and(|entry| entry.since.elapsed() >= HOLD_TIME)
        {
            self.drop_oldest();
        }
    }

    /// Calls `free`, which frees chunks of `dataset`, and reserves their space.
    ///
    /// `chunks` are the chunks that `free` removes, with the first byte of each. If the space of a chunk
    /// cannot be reserved, HDF5 may reuse it immediately.
    pub fn free_chunks(
        &mut self,
        dataset: &h5::Dataset,
        chunks: Vec<(StoredChunk, u8)>,
        free: impl FnOnce() -> h5::Result<()>,
    ) -> h5::Result<()> {
        self.drop_expired();
        let spans = spans(chunks);
        if dataset.release_space(&[])? {
            free()?;
            let released: Vec<_> = spans.iter().map(|span| (span.address, span.size)).collect();
            return dataset.release_space(&released).map(drop);
        }
        // The spans are prepared before the chunks are freed, so that the metadata of a reserved span is
        // not allocated in the freed space.
        let prepared: Vec<_> = spans
            .into_iter()
            .map(|span| (span, dataset.prepare_span(span.size)))
            .collect();
        free()?;
        for (span, reserved) in prepared {
            if let Err(error) =
                reserved.and_then(|reserved| self.reserve_span(dataset, span, reserved))
            {
                tracing::debug!(%error, "cannot reserve the space of a freed chunk");
            }
        }
        Ok(())
    }

    /// Allocates spans until they cover `span`. Those that do not overlap it are released at the end.
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
            "the space of a freed chunk is reserved only in part"
        );
        Ok(())
    }

    /// Frees a contiguous dataset of `size` bytes whose last link was removed, and reserves its space.
    pub fn free_contiguous(&mut self, dataset: h5::Dataset, size: u64) -> h5::Result<()> {
        let is_released = match dataset.offset() {
            Some(address) => dataset.release_space(&[(address, size)])?,
            // Nothing was written.
            None => true,
        };
        if !is_released {
            self.hold(ReservedSpan::of(dataset), size);
        }
        Ok(())
    }

    /// Keeps a reserved span of `size` bytes until it expires.
    fn hold(&mut self, reserved: ReservedSpan, size: u64) {
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

/// Returns the spans of chunks. Adjacent chunks form one span, because HDF5 joins adjacent free space.
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
    fn adjacent_chunks_form_one_span() {
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
