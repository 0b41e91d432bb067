//! Finds matches at small distances, by comparing vectors.

use super::{Prices, common_length};
use crate::equal_bytes::EqualBytes;
use crate::sequences::Sequence;
use crate::symbols::MAX_MATCH;

/// The number of bytes that are compared at once.
const BLOCK: usize = 64;

/// The length of the shortest match. A match is not seen if it starts later in a block than that.
const SHORTEST: usize = 4;

/// Finds matches at distances of 1 to `DISTANCES` in `data` from `start` on, and appends their sequences.
#[inline(always)]
pub(super) fn find<E: EqualBytes, const DISTANCES: usize>(
    data: &[u8],
    start: usize,
    prices: &Prices,
    sequences: &mut Vec<Sequence>,
) {
    let mut literals = start;
    let mut at = start.max(DISTANCES);
    while let Some(here) = data.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        // A bit is set where a byte is like the one at that distance before.
        let mut equal = [0u64; DISTANCES];
        let mut starts = 0;
        for (distance, equal) in (1..).zip(&mut equal) {
            let Some(earlier) = data[at.wrapping_sub(distance)..].first_chunk::<BLOCK>() else {
                break;
            };
            *equal = E::equal_64(here, earlier);
            starts |= *equal & (*equal >> 1) & (*equal >> 2) & (*equal >> 3);
        }
        while starts != 0 {
            let offset = starts.trailing_zeros();
            // The longest match, and the nearest one of several.
            let mut best = 0;
            for (candidate, equal) in (1u32..).zip(&equal) {
                let common = (equal >> offset).trailing_ones();
                best = best.max((common << 8) | (0xff - candidate));
            }
            let (mut length, distance) = ((best >> 8) as usize, (0xff - (best & 0xff)) as usize);
            let position = at.wrapping_add(offset as usize);
            let end = position.wrapping_add(length);
            if end == at.wrapping_add(BLOCK) {
                let more = common_length(data, end.wrapping_sub(distance), end);
                length = length.wrapping_add(more).min(MAX_MATCH);
            }
            if !prices.pays(&data[position..][..length], distance) {
                starts &= starts.wrapping_sub(1);
                continue;
            }
            sequences.push(Sequence {
                literals: position.wrapping_sub(literals) as u32,
                length: length as u16,
                distance_less_1: distance.wrapping_sub(1) as u16,
            });
            literals = position.wrapping_add(length);
            let covered = literals.wrapping_sub(at);
            if covered >= BLOCK {
                break;
            }
            starts &= u64::MAX << covered;
        }
        at = literals.max(at.wrapping_add(BLOCK - SHORTEST + 1));
    }
    sequences.push(Sequence::literals(data.len() - literals));
}
