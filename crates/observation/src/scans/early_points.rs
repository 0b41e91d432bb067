//! The first points of a channel, for those who come when a scan has begun.

use super::live_memory::LiveMemory;

/// The most bytes of a channel: 8,192 numbers of eight bytes.
const LIMIT: usize = 64 << 10;

/// The most ranges of a channel.
const MAX_RANGES: usize = 64;

/// The first points of a channel as they were published, in some ranges.
#[derive(Debug, Default)]
pub struct EarlyPoints {
    data: Vec<u8>,
    /// The index of the first point of each range, and where it begins in the data.
    ranges: Vec<(u64, usize)>,
    /// The index of the point that continues the last range.
    next: u64,
    /// Memory that was taken.
    taken: usize,
}

impl EarlyPoints {
    /// Adds points. Returns `false` if there is no room, after which no more are to be added.
    ///
    /// `find_room` is called when there is no memory, and returns `false` if there is none that can be freed.
    pub fn add(
        &mut self,
        first: u64,
        count: u64,
        data: &[u8],
        memory: &LiveMemory,
        find_room: impl Fn() -> bool,
    ) -> bool {
        let continues = first == self.next && !self.ranges.is_empty();
        if self.data.len() + data.len() > LIMIT || !continues && self.ranges.len() == MAX_RANGES {
            return false;
        }
        while !memory.take(data.len()) {
            if !find_room() {
                return false;
            }
        }
        self.taken += data.len();
        if !continues {
            self.ranges.push((first, self.data.len()));
        }
        self.data.extend_from_slice(data);
        self.next = first + count;
        true
    }

    /// Returns all points: the index of the first one of each range, and the data.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.ranges
            .iter()
            .enumerate()
            .filter_map(|(index, (first, begin))| {
                let next = self.ranges.get(index + 1);
                let end = next.map_or(self.data.len(), |(_, begin)| *begin);
                Some((*first, self.data.get(*begin..end)?))
            })
    }

    /// Returns the memory that was taken.
    pub fn taken(&self) -> usize {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_points_are_kept_in_ranges() {
        let (memory, mut early) = (LiveMemory::default(), EarlyPoints::default());
        let mut add =
            |first, data: &[u8]| early.add(first, data.len() as u64, data, &memory, || false);
        assert!(add(3, &[3, 4]));
        assert!(add(5, &[5]));
        // Points are missing, and some come again.
        assert!(add(9, &[9, 10]));
        assert!(add(3, &[3]));
        assert!(!add(4, &[0; LIMIT]));
        let ranges: Vec<_> = early.ranges().collect();
        assert_eq!(
            ranges,
            [(3, &[3, 4, 5][..]), (9, &[9, 10][..]), (3, &[3][..])]
        );
        assert_eq!((early.taken(), memory.used()), (6, 6));
    }

    #[test]
    fn memory_is_asked_for() {
        let (memory, mut early) = (LiveMemory::default(), EarlyPoints::default());
        memory.set_limit(4);
        memory.add(3);
        let room = || {
            let is_used = memory.used() > 1;
            if is_used {
                memory.give_back(1);
            }
            is_used
        };
        assert!(early.add(0, 2, &[0, 1], &memory, room));
        assert_eq!(memory.used(), 4);
        assert!(!early.add(2, 5, &[0; 5], &memory, || false));
    }
}
