//! The greedy search with a hash table.

use super::{Prices, common_length, load};
use crate::sequences::Sequence;
use crate::symbols::{MAX_MATCH, WINDOW};

/// A place in the table that has no position.
const NONE: u32 = u32::MAX;

/// The last `WAYS` positions of each of `SLOTS` hash values, the last one first. `SLOTS` is a power of two.
///
/// With several ways, more positions are entered, so that the search finds more and takes longer.
pub(super) struct Table<const SLOTS: usize, const WAYS: usize>([[u32; WAYS]; SLOTS]);

impl<const SLOTS: usize, const WAYS: usize> Table<SLOTS, WAYS> {
    pub fn new() -> Box<Self> {
        Box::new(Table([[NONE; WAYS]; SLOTS]))
    }

    pub fn clear(&mut self) {
        self.0.fill([NONE; WAYS]);
    }

    /// Enters every second position of `data` from `from` to `to`, which have not been searched. A search that
    /// looks up every position finds them, and matches are extended to both sides.
    pub fn index(&mut self, data: &[u8], from: usize, to: usize, prices: &Prices) {
        let hash = Hash::new(prices);
        for at in (from..to).step_by(2) {
            if at + 8 <= data.len() {
                self.enter(hash, data, at);
            }
        }
    }

    #[inline(always)]
    fn enter(&mut self, hash: Hash, data: &[u8], at: usize) {
        self.exchange(hash.of::<SLOTS>(load(data, at)), at);
    }

    /// Enters a position and returns those before it.
    #[inline(always)]
    fn exchange(&mut self, slot: usize, at: usize) -> [u32; WAYS] {
        let before = self.0[slot];
        let mut places = before;
        places.copy_within(..WAYS - 1, 1);
        places[0] = at as u32;
        self.0[slot] = places;
        before
    }

    /// Enters positions of a match that was found at `at`: the longer it is, the fewer.
    #[inline(always)]
    fn enter_match(&mut self, hash: Hash, data: &[u8], at: usize, end: usize) {
        let length = end.wrapping_sub(at);
        let mut position = at.wrapping_add(1);
        if WAYS == 1 && length <= 12 {
            self.enter(hash, data, position);
            return;
        }
        let step = match (WAYS, length) {
            (1, ..=64) => 4,
            (1, _) => LARGEST_STEP,
            (_, ..=64) => 1,
            _ => 4,
        };
        while position.wrapping_add(2) < end {
            self.enter(hash, data, position);
            position = position.wrapping_add(step);
        }
    }

    /// Returns the smallest distance in the table at which all bytes of a match are repeated.
    ///
    /// Of earlier matches, only some positions are in the table. At one of the next places it has them all.
    #[inline(never)]
    fn nearest(&self, hash: Hash, data: &[u8], found: Match) -> usize {
        let mut nearest = found.distance;
        for offset in 0..LARGEST_STEP {
            let place = found.at + offset;
            if place + 8 > data.len() {
                break;
            }
            let word = load(data, place);
            for earlier in self.0[hash.of::<SLOTS>(word)] {
                let distance = place.wrapping_sub(earlier as usize);
                if distance < nearest
                    && distance > 0
                    && distance <= found.at
                    && common_length(data, found.at - distance, found.at) >= found.length
                {
                    nearest = distance;
                }
            }
        }
        nearest
    }
}

/// A hash function of as many bytes as a match at a middling distance must have.
#[derive(Clone, Copy)]
struct Hash {
    shift: u32,
}

impl Hash {
    #[inline(always)]
    fn new(prices: &Prices) -> Hash {
        let bytes = prices.hashed_length() as u32;
        Hash {
            shift: 64 - 8 * bytes,
        }
    }

    /// The lowest bytes of `word` are the first ones.
    #[inline(always)]
    fn of<const SLOTS: usize>(self, word: u64) -> usize {
        const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
        let hash = (word << (self.shift & 63)).wrapping_mul(MULTIPLIER);
        (hash >> (64 - SLOTS.ilog2())) as usize & (SLOTS - 1)
    }
}

/// A match of bytes at `at` with those `distance` before.
#[derive(Clone, Copy)]
struct Match {
    at: usize,
    length: usize,
    distance: usize,
}

/// The number of bytes from which on a match is good enough to look no further.
const GOOD_LENGTH: usize = 32;

/// Of long matches, one in so many positions is entered into the table.
const LARGEST_STEP: usize = 16;

/// The largest distance that is not exchanged for a smaller one at which the same bytes are repeated. It has one bit
/// more than the smallest ones.
const NEAR: usize = 6;

/// Searches `data` from `start` on, appends the sequences, and returns the last distance.
#[inline(always)]
pub(super) fn find<const SLOTS: usize, const WAYS: usize>(
    table: &mut Table<SLOTS, WAYS>,
    data: &[u8],
    start: usize,
    last_distance: usize,
    prices: &Prices,
    sequences: &mut Vec<Sequence>,
) -> usize {
    let hash = Hash::new(prices);
    let mut last_distance = last_distance;
    // The number of good matches at the last distance.
    let mut repeated = 0u32;
    let mut random = 1u32;
    // The first byte that no sequence has yet, and the next position to be looked up.
    let (mut literals, mut at) = (start, start);
    while at.wrapping_add(8) <= data.len() {
        let word = load(data, at);
        let slot = hash.of::<SLOTS>(word);
        let places = table.exchange(slot, at);
        let starts_like = |earlier: usize| load(data, earlier) as u32 == word as u32;

        let mut found = Match {
            at,
            length: 0,
            distance: 0,
        };
        if at >= last_distance && starts_like(at.wrapping_sub(last_distance)) {
            let length = common_length(data, at.wrapping_sub(last_distance), at);
            if prices.pays(&data[at..][..length], last_distance) {
                found.length = length;
                found.distance = last_distance;
            }
        }
        for earlier in places {
            let earlier = earlier as usize;
            if found.length >= GOOD_LENGTH
                || earlier >= at
                || at.wrapping_sub(earlier) > WINDOW
                || !starts_like(earlier)
            {
                continue;
            }
            let distance = at.wrapping_sub(earlier);
            let length = common_length(data, earlier, at);
            // A new distance costs more than the last one.
            let better = if found.length == 0 {
                0
            } else {
                found.length + 1
            };
            if length > better && prices.pays(&data[at..][..length], distance) {
                found.length = length;
                found.distance = distance;
            }
        }
        if found.length == 0 {
            at = at.wrapping_add(step_after(at.wrapping_sub(literals), &mut random));
            continue;
        }
        if found.length >= GOOD_LENGTH && found.distance > NEAR {
            repeated = if found.distance == last_distance {
                repeated.wrapping_add(1)
            } else {
                1
            };
            // What was not found at once is hardly found later.
            if repeated.is_power_of_two() {
                found.distance = table.nearest(hash, data, found);
            }
        }

        let found = extend_backwards(data, found, literals);
        sequences.push(Sequence {
            literals: found.at.wrapping_sub(literals) as u32,
            length: found.length as u16,
            distance_less_1: found.distance.wrapping_sub(1) as u16,
        });
        last_distance = found.distance;
        let end = found.at.wrapping_add(found.length);
        if end.wrapping_add(8) <= data.len() {
            if found.distance == 1 {
                // Of a run, only the start and the end are worth a place: all other positions are alike.
                table.0[slot] = places;
                table.enter(hash, data, end.wrapping_sub(3));
            } else {
                table.enter_match(hash, data, at, end);
            }
            table.enter(hash, data, end.wrapping_sub(2));
            table.enter(hash, data, end.wrapping_sub(1));
        } else if found.distance == 1 {
            table.0[slot] = places;
        }
        at = end;
        literals = end;
    }
    sequences.push(Sequence::literals(data.len() - literals));
    last_distance
}

/// Returns the number of positions to go on after `misses` bytes without a match.
///
/// It grows, but is random: positions that are entered at regular steps and looked up at others would never meet. It
/// must not be computed from the position either: multiples of a constant are so evenly distributed that hardly any
/// two positions of some distances are both visited.
#[inline(always)]
fn step_after(misses: usize, random: &mut u32) -> usize {
    let largest = (misses >> 7).min(7);
    if largest == 0 {
        return 1;
    }
    *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    1 + ((*random >> 29) as usize & largest)
}

/// Moves the start of a match back to `first` at most, while the bytes before agree.
#[inline(always)]
fn extend_backwards(data: &[u8], found: Match, first: usize) -> Match {
    let Match {
        mut at,
        mut length,
        distance,
    } = found;
    while at > first
        && at > distance
        && length < MAX_MATCH
        && data[at.wrapping_sub(1)] == data[at.wrapping_sub(1).wrapping_sub(distance)]
    {
        at = at.wrapping_sub(1);
        length = length.wrapping_add(1);
    }
    Match {
        at,
        length,
        distance,
    }
}
