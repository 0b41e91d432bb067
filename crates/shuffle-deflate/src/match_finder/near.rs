//! Finds matches at small distances, by comparing vectors.

use super::{Prices, common_length};
use crate::equal_bytes::EqualBytes;
use crate::sequences::Sequence;
use crate::symbols::MAX_MATCH;

/// The number of bytes that are compared at once.
const BLOCK: usize = 64;

/// The length of the shortest match. A match is not seen if it starts later in a block than that.
const SHORTEST: usize = 4;

/// The largest distance.
const DISTANCES: usize = 32;

/// Finds matches at distances of up to [`DISTANCES`] in `data` from `start` on, and appends their sequences.
#[inline(always)]
pub(super) fn find<E: EqualBytes>(
    data: &[u8],
    start: usize,
    prices: &Prices,
    sequences: &mut Vec<Sequence>,
) {
    let mut found = Found {
        data,
        prices,
        sequences,
        literals: start,
    };
    let mut at = start.max(DISTANCES);
    while let Some(window) =
        data[at.wrapping_sub(DISTANCES).min(data.len())..].first_chunk::<{ DISTANCES + BLOCK }>()
    {
        let sets = equal_before::<E>(window);
        let mut starts = starts(&sets);
        while starts != 0 {
            let offset = starts.trailing_zeros() as usize;
            let (length, distance) = longest(&sets, offset);
            starts = match found.take(at, offset, length, distance) {
                Some(covered) if covered >= BLOCK => 0,
                Some(covered) => starts & (u64::MAX << covered),
                None => starts & starts.wrapping_sub(1),
            };
        }
        at = found.literals.max(at.wrapping_add(BLOCK - SHORTEST + 1));
    }
    found.end();
}

/// Finds matches of distance 1.
#[inline(always)]
pub(super) fn find_runs<E: EqualBytes>(
    data: &[u8],
    start: usize,
    prices: &Prices,
    sequences: &mut Vec<Sequence>,
) {
    let mut found = Found {
        data,
        prices,
        sequences,
        literals: start,
    };
    let mut at = start.max(1);
    while let Some(here) = data.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>())
        && let Some(before) = data[at.wrapping_sub(1)..].first_chunk::<BLOCK>()
    {
        let equal = E::equal_64(here, before);
        let pairs = equal & (equal >> 1);
        let mut starts = pairs & (pairs >> 2);
        while starts != 0 {
            let offset = starts.trailing_zeros();
            let length = (equal >> offset).trailing_ones() as usize;
            starts = match found.take(at, offset as usize, length, 1) {
                Some(covered) if covered >= BLOCK => 0,
                Some(covered) => starts & (u64::MAX << covered),
                None => starts & starts.wrapping_sub(1),
            };
        }
        at = found.literals.max(at.wrapping_add(BLOCK - SHORTEST + 1));
    }
    found.end();
}

/// The sequences of some data.
struct Found<'a> {
    data: &'a [u8],
    prices: &'a Prices,
    sequences: &'a mut Vec<Sequence>,
    /// The first byte that no sequence has yet.
    literals: usize,
}

impl Found<'_> {
    /// Appends a match at `offset` in the block at `at`, if it pays, with what follows the block. Returns how many bytes
    /// from `at` on have a sequence then.
    #[inline(always)]
    fn take(&mut self, at: usize, offset: usize, length: usize, distance: usize) -> Option<usize> {
        let position = at.wrapping_add(offset);
        let end = position.wrapping_add(length);
        let mut length = length;
        if end == at.wrapping_add(BLOCK) {
            let more = common_length(self.data, end.wrapping_sub(distance), end);
            length = length.wrapping_add(more).min(MAX_MATCH);
        }
        if !self.prices.pays(&self.data[position..][..length], distance) {
            return None;
        }
        self.sequences.push(Sequence {
            literals: position.wrapping_sub(self.literals) as u32,
            length: length as u16,
            distance_less_1: distance.wrapping_sub(1) as u16,
        });
        self.literals = position.wrapping_add(length);
        Some(self.literals.wrapping_sub(at))
    }

    /// Appends the literals after the last match.
    fn end(self) {
        self.sequences
            .push(Sequence::literals(self.data.len() - self.literals));
    }
}

/// Returns the set of distances at which each byte of the block after the first [`DISTANCES`] bytes is repeated: the
/// highest bit stands for the smallest distance.
#[inline(always)]
fn equal_before<E: EqualBytes>(window: &[u8; DISTANCES + BLOCK]) -> [u32; BLOCK] {
    let mut sets = [0; BLOCK];
    for (place, set) in sets.iter_mut().enumerate() {
        let pattern = [window[DISTANCES + place]; 16];
        let before = &window[place..];
        if let Some(far) = before.first_chunk()
            && let Some(near) = before[16..].first_chunk()
        {
            *set = u32::from(E::equal(far, &pattern)) | u32::from(E::equal(near, &pattern)) << 16;
        }
    }
    sets
}

/// Returns the set of places at which a match starts: there is a distance at which this byte and the next ones are
/// repeated.
#[inline(always)]
fn starts(sets: &[u32; BLOCK]) -> u64 {
    let mut starts = 0;
    for (place, sets) in sets.windows(SHORTEST).enumerate() {
        let common = sets.iter().fold(u32::MAX, |common, set| common & set);
        starts |= u64::from(common != 0) << place;
    }
    starts
}

/// Returns the length and the distance of the longest match at a place where one starts, the nearest one of several, up to
/// the end of the block.
#[inline(always)]
fn longest(sets: &[u32; BLOCK], place: usize) -> (usize, usize) {
    let mut common = u32::MAX;
    let mut length = 0;
    for set in &sets[place..] {
        let left = common & set;
        if left == 0 {
            break;
        }
        common = left;
        length += 1;
    }
    (length, common.leading_zeros() as usize + 1)
}
