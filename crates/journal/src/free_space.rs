//! Space inside a file that can be used again.

use std::time::{Duration, Instant};

/// How long a reader may use what it has looked up. Space that was freed is not used again for this time.
const READER_TIME: Duration = Duration::from_secs(10);

/// The largest number of free parts that are known. Smaller ones are forgotten first.
const MAX_PARTS: usize = 1024;

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub address: u64,
    pub length: u64,
}

impl Span {
    fn end(self) -> u64 {
        self.address + self.length
    }
}

/// The free parts of a file.
#[derive(Debug, Default)]
pub(crate) struct FreeSpace {
    /// Freed since the last commit after which nothing refers to them.
    freed: Vec<Span>,
    /// Nothing that can be restored refers to them, but readers may.
    waiting: Vec<(Instant, Span)>,
    free: Vec<Span>,
    /// Used again since the last commit. Raw data are written there at once.
    fresh: Vec<Span>,
}

impl FreeSpace {
    /// Adds space to which nothing refers after the next commit.
    pub fn add(&mut self, span: Span) {
        if span.length > 0 {
            self.freed.push(span);
        }
    }

    /// Returns the spans to which nothing refers after a commit that begins now.
    pub fn take_freed(&mut self) -> Vec<Span> {
        self.forget_fresh();
        std::mem::take(&mut self.freed)
    }

    /// Notes that a commit begins, which may refer to what is used again.
    pub fn forget_fresh(&mut self) {
        self.fresh.clear();
    }

    /// Adds space to which nothing refers any more.
    pub fn add_unreferenced(&mut self, spans: Vec<Span>) {
        let now = Instant::now();
        self.waiting
            .extend(spans.into_iter().map(|span| (now, span)));
    }

    /// Adds spans again after a commit that has failed.
    pub fn restore(&mut self, spans: Vec<Span>) {
        self.freed.extend(spans);
    }

    /// Returns the address of space of this length that is used from now on, if there is some.
    pub fn allocate(&mut self, length: u64) -> Option<u64> {
        self.collect();
        let fits = self
            .free
            .iter()
            .enumerate()
            .filter(|(_, span)| span.length >= length);
        let (index, span) = fits.min_by_key(|(_, span)| span.length)?;
        let (address, rest) = (span.address, span.length - length);
        match rest {
            0 => {
                self.free.swap_remove(index);
            }
            rest => {
                self.free[index] = Span {
                    address: address + length,
                    length: rest,
                };
            }
        }
        self.fresh.push(Span { address, length });
        Some(address)
    }

    /// Returns `true` if these bytes are used again, and nothing refers to them yet.
    pub fn is_fresh(&self, address: u64, length: u64) -> bool {
        let contains = |span: &Span| span.address <= address && address + length <= span.end();
        self.fresh.iter().any(contains)
    }

    /// Moves spans that no reader can use any more to those that are free.
    fn collect(&mut self) {
        let is_ready = |(since, _): &(Instant, Span)| since.elapsed() >= READER_TIME;
        let ready = self
            .waiting
            .iter()
            .take_while(|entry| is_ready(entry))
            .count();
        if ready == 0 {
            return;
        }
        self.free
            .extend(self.waiting.drain(..ready).map(|(_, span)| span));
        self.free.sort_unstable_by_key(|span| span.address);
        self.free.dedup_by(|next, span| {
            let is_neighbour = span.end() == next.address;
            if is_neighbour {
                span.length += next.length;
            }
            is_neighbour
        });
        if self.free.len() > MAX_PARTS {
            self.free
                .sort_unstable_by_key(|span| std::cmp::Reverse(span.length));
            self.free.truncate(MAX_PARTS);
        }
    }
}
