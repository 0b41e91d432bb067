//! Finds runs of the same byte.

use super::common_length;
use crate::equal_bytes::EqualBytes;
use crate::sequences::Sequence;
use crate::symbols::MAX_MATCH;

/// Finds the runs of `data` from `start` on and appends them as matches of distance 1. They are at least 4
/// long, so that 13 of 16 places that are compared at once can start one.
#[inline(always)]
pub(super) fn find<E: EqualBytes>(data: &[u8], start: usize, sequences: &mut Vec<Sequence>) {
    let mut literals = start;
    let mut at = start + 1;
    while let (Some(before), Some(here)) = (
        data.get(at.wrapping_sub(1)..)
            .and_then(|rest| rest.first_chunk()),
        data.get(at..).and_then(|rest| rest.first_chunk()),
    ) {
        // A bit is set where a byte is like the one before.
        let equal = u32::from(E::equal(before, here));
        let starts = equal & (equal >> 1) & (equal >> 2) & (equal >> 3);
        if starts == 0 {
            at = at.wrapping_add(13);
            continue;
        }
        let first = starts.trailing_zeros();
        let run = at.wrapping_add(first as usize);
        let mut length = (!(equal >> first)).trailing_zeros() as usize;
        if run.wrapping_add(length) == at.wrapping_add(16) {
            let more = common_length(data, run.wrapping_add(length) - 1, run.wrapping_add(length));
            length = length.wrapping_add(more).min(MAX_MATCH);
        }
        sequences.push(Sequence {
            literals: run.wrapping_sub(literals) as u32,
            length: length as u16,
            distance_less_1: 0,
        });
        at = run.wrapping_add(length);
        literals = at;
    }
    sequences.push(Sequence::literals(data.len() - literals));
}
