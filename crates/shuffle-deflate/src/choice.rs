//! Decides which chunks are left to libdeflate.

use crate::plane_encoder::TRIED_GAIN;
use crate::probe::Impression;
use crate::symbols::WINDOW;

/// The size of the largest chunk that is thought to be small: their size matters more than the time that they
/// take.
pub(crate) const SMALL_CHUNK: usize = 128 << 10;

/// Matches that save more than this share of the bits of literals may be better found by libdeflate, unless
/// they have that many bytes, and that share of them has the distance of the match before.
const RISKY_GAIN: f32 = 0.5;
const LONG_MATCH: f32 = 70.0;
const STEADY: f32 = 0.5;

/// Where matches save more than this share, they are searched for, which is slower than libdeflate if most of them
/// are short. Libdeflate gets a chunk if that is so for this share of it.
const SLOW_GAIN: f32 = 0.08;
const SLOW_SHARE: f32 = 0.7;

/// Returns `true` if libdeflate makes a smaller stream of a chunk of `size` bytes in planes of `count` bytes, or the
/// same in less time, as far as the impressions of all segments say.
///
/// Its search has two places for each hash value, so that it is better at short matches, and at those at ever
/// new distances. Ramps and repeated rows, with their long matches at the same distances, are found by both. In
/// short planes the blocks of this crate are short, too, and their headers count.
pub(crate) fn is_for_libdeflate(survey: &[Impression], size: usize, count: usize) -> bool {
    if size <= SMALL_CHUNK {
        return survey.iter().any(|seen| seen.match_gain > TRIED_GAIN);
    }
    let (mut all_bits, mut risky_bits) = (0.0, 0.0);
    let mut slow = 0;
    for seen in survey {
        all_bits += seen.literal_bits * (1.0 - seen.match_gain.min(1.0));
        let is_found_by_both = seen.match_length >= LONG_MATCH && seen.steadiness >= STEADY;
        if seen.match_gain > RISKY_GAIN && (!is_found_by_both || count < WINDOW) {
            risky_bits += seen.literal_bits;
        }
        if seen.match_gain > SLOW_GAIN && !is_found_by_both {
            slow += seen.length;
        }
    }
    risky_bits > all_bits || slow as f32 > SLOW_SHARE * size as f32
}
