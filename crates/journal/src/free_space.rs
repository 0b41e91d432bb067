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

    /// Returns what of this part is before the other one, and what is behind it.
    fn without(self, other: Span) -> [Span; 2] {
        let length = other.address.clamp(self.address, self.end()) - self.address;
        let address = other.end().clamp(self.address, self.end());
        let behind = Span {
            address,
            length: self.end() - address,
        };
        [Span { length, ..self }, behind]
    }
}

/// The free parts of a file.
#[derive(Debug)]
pub(crate) struct FreeSpace {
    reader_time: Duration,
    /// Freed since the last commit.
    freed: Vec<Span>,
    /// Cut off from the end of the file since the last commit. They are not free: the file has no such bytes, or
    /// uses them for something else.
    cut_off: Vec<Span>,
    /// Nothing has referred to them since a commit, but the last checkpoint does, which a power failure restores.
    committed: Vec<(Instant, Span)>,
    /// Nothing that can be restored refers to them, but readers may.
    waiting: Vec<(Instant, Span)>,
    free: Vec<Span>,
    /// Used again since the last commit. Raw data are written there at once.
    fresh: Vec<Span>,
}

impl Default for FreeSpace {
    fn default() -> FreeSpace {
        FreeSpace::with_reader_time(READER_TIME)
    }
}

impl FreeSpace {
    fn with_reader_time(reader_time: Duration) -> FreeSpace {
        FreeSpace {
            reader_time,
            freed: Vec::new(),
            cut_off: Vec::new(),
            committed: Vec::new(),
            waiting: Vec::new(),
            free: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// Adds space to which nothing refers after the next commit.
    pub fn add(&mut self, span: Span) {
        let mut parts = vec![span];
        for other in &self.cut_off {
            let rest = parts.iter().flat_map(|part| part.without(*other));
            parts = rest.filter(|part| part.length > 0).collect();
        }
        parts.retain(|part| part.length > 0);
        self.freed.append(&mut parts);
    }

    /// Notes that the file was made shorter by this part, so that it is not free when it is added.
    pub fn cut_off(&mut self, span: Span) {
        match self.cut_off.last_mut() {
            Some(last) if span.end() == last.address => {
                last.address = span.address;
                last.length += span.length;
            }
            _ => self.cut_off.push(span),
        }
    }

    /// Returns the spans to which nothing refers after a commit that begins now.
    pub fn take_freed(&mut self) -> Vec<Span> {
        // The commit may refer to what is used again.
        self.fresh.clear();
        self.cut_off.clear();
        std::mem::take(&mut self.freed)
    }

    /// Adds space to which nothing refers since a commit that is written now. If `is_checkpoint` is `true`,
    /// nothing that can be restored refers to it either.
    pub fn add_unreferenced(&mut self, spans: Vec<Span>, is_checkpoint: bool) {
        let now = Instant::now();
        self.committed
            .extend(spans.into_iter().map(|span| (now, span)));
        if is_checkpoint {
            self.waiting.append(&mut self.committed);
        }
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
        let is_ready = |(since, _): &(Instant, Span)| since.elapsed() >= self.reader_time;
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

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span {
        address: 4096,
        length: 100,
    };

    fn commit(space: &mut FreeSpace, is_checkpoint: bool) {
        let freed = space.take_freed();
        space.add_unreferenced(freed, is_checkpoint);
    }

    #[test]
    fn space_is_used_again_after_a_commit_and_a_checkpoint() {
        let mut space = FreeSpace::with_reader_time(Duration::ZERO);
        space.add(SPAN);
        assert_eq!(space.allocate(100), None);
        commit(&mut space, false);
        assert_eq!(space.allocate(100), None, "a power failure restores it");
        commit(&mut space, true);
        assert_eq!(space.allocate(101), None);
        assert_eq!(space.allocate(60), Some(4096));
        assert_eq!(space.allocate(40), Some(4156));
        assert_eq!(space.allocate(1), None);
    }

    #[test]
    fn a_checkpoint_that_frees_space_makes_it_usable() {
        let mut space = FreeSpace::with_reader_time(Duration::ZERO);
        space.add(SPAN);
        commit(&mut space, true);
        assert_eq!(space.allocate(100), Some(4096));
    }

    #[test]
    fn space_that_a_commit_did_not_free_is_freed_by_the_next_one() {
        let mut space = FreeSpace::with_reader_time(Duration::ZERO);
        space.add(SPAN);
        let freed = space.take_freed();
        space.restore(freed);
        assert_eq!(space.allocate(100), None);
        commit(&mut space, true);
        assert_eq!(space.allocate(100), Some(4096));
    }

    #[test]
    fn what_the_file_has_lost_is_not_free() {
        let mut space = FreeSpace::with_reader_time(Duration::ZERO);
        let part = |address, length| Span { address, length };
        space.cut_off(part(5000, 50));
        space.cut_off(part(4980, 20));
        space.add(part(4900, 200));
        space.add(part(4990, 10));
        commit(&mut space, true);
        assert_eq!(space.allocate(81), None);
        assert_eq!(space.allocate(80), Some(4900));
        assert_eq!(space.allocate(50), Some(5050));
        assert_eq!(space.allocate(1), None);
        // The file can have grown again since the commit.
        space.add(part(4980, 70));
        commit(&mut space, true);
        assert_eq!(space.allocate(70), Some(4980));
    }

    #[test]
    fn readers_have_time_to_look_up_what_replaces_it() {
        let mut space = FreeSpace::with_reader_time(Duration::MAX);
        space.add(SPAN);
        commit(&mut space, true);
        assert_eq!(space.allocate(100), None);
    }
}
