//! Decides which chunks are left to libdeflate, and how thoroughly others are searched.

use crate::match_finder::Search;
use crate::plane_encoder::TRIED_GAIN;
use crate::probe::Impression;
use crate::symbols::WINDOW;

/// The size of the largest chunk that is thought to be small: their size matters more than the time that they
/// take.
pub(crate) const SMALL_CHUNK: usize = 128 << 10;

/// Matches that save more than this share of the bits of literals may be better found by libdeflate, unless
/// they have that many bytes, and that share of them has the distance of the match before.
const RISKY_GAIN: f32 = 0.5;
pub(crate) const LONG_MATCH: f32 = 70.0;
pub(crate) const STEADY: f32 = 0.5;

/// Rows in which single bytes change have matches that are a little shorter than the probe follows them. Each change
/// ends two matches of this crate, and one of libdeflate. In ramps, matches are shorter, too, but they save more
/// than all bits, as the probe estimates it.
const UNDISTURBED_LENGTH: f32 = 79.7;

/// If that share of the bits is of bytes that will be stored, such matches are searched for thoroughly instead: what
/// libdeflate would find in addition is little of the whole, and it would search the stored bytes for long.
const STORED_SHARE: f32 = 0.5;

/// Where matches save more than this share, they are searched for, which is slower than libdeflate if most of them
/// are short. Libdeflate gets a chunk if that is so for this share of it.
const SLOW_GAIN: f32 = 0.08;
const SLOW_SHARE: f32 = 0.7;

/// Libdeflate also gets chunks in which this share of the planes repeats something of the planes before: it does not
/// divide between planes.
const REPEATED_SHARE: f32 = 0.3;

/// The quick search finds all matches if they are so long and so regular, as far as the probe says.
const QUICK_LENGTH: f32 = 76.0;
const QUICK_STEADINESS: f32 = 0.9;

/// If other matches save more than this share of the bits, it is worth to search thoroughly: the quick search makes
/// what it covers up to a quarter larger.
const THOROUGH_SHARE: f32 = 0.42;

/// How a chunk is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The whole chunk by libdeflate.
    Libdeflate,
    /// Plane by plane. Where matches are not regular, they are searched for in this way.
    Planes { irregular: Search },
}

/// Chooses how a chunk of `size` bytes in planes of `count` bytes is encoded: by libdeflate, if that makes a smaller
/// stream, or the same in less time, as far as the impressions of all segments say.
///
/// Its search has two places for each hash value, so that it is better at short matches, and at those at ever
/// new distances. Ramps and repeated rows, with their long matches at the same distances, are found by both. In
/// short planes the blocks of this crate are short, too, and their headers count.
pub(crate) fn choose(survey: &[Impression], size: usize, count: usize) -> Choice {
    if size <= SMALL_CHUNK {
        return if survey.iter().any(|seen| seen.match_gain > TRIED_GAIN) {
            Choice::Libdeflate
        } else {
            Choice::Planes {
                irregular: Search::Thorough,
            }
        };
    }
    let (mut coded_bits, mut risky_bits, mut irregular_bits) = (0.0, 0.0, 0.0);
    let (mut slow, mut reaching_back) = (0, 0);
    let mut stored_bits = 0.0;
    for seen in survey {
        let bits = seen.length as f32 * seen.entropy;
        let saved_bits = bits * seen.match_gain.min(1.0);
        coded_bits += bits - saved_bits;
        let is_found_by_both = seen.match_length >= LONG_MATCH && seen.steadiness >= STEADY;
        let is_disturbed = seen.match_gain < 1.0 && seen.match_length < UNDISTURBED_LENGTH;
        let is_risky = !is_found_by_both || is_disturbed || count < WINDOW;
        if seen.match_gain > RISKY_GAIN && is_risky {
            risky_bits += bits;
        }
        if seen.match_gain > SLOW_GAIN && !is_found_by_both {
            slow += seen.length;
        }
        if seen.uniform && seen.match_gain <= TRIED_GAIN {
            stored_bits += bits;
        }
        if seen.reaches_back && seen.match_gain > TRIED_GAIN {
            reaching_back += seen.length;
        }
        if !is_regular(seen) {
            irregular_bits += saved_bits;
        }
    }
    let is_risky = risky_bits > coded_bits;
    let is_slow = slow as f32 > SLOW_SHARE * size as f32;
    let planes_repeat = count < WINDOW && reaching_back as f32 > REPEATED_SHARE * size as f32;
    let is_mostly_stored = stored_bits > STORED_SHARE * coded_bits;
    if is_risky && !is_mostly_stored || is_slow || planes_repeat {
        return Choice::Libdeflate;
    }
    let pays = is_risky || irregular_bits > THOROUGH_SHARE * (coded_bits + irregular_bits);
    Choice::Planes {
        irregular: if pays {
            Search::Thorough
        } else {
            Search::Quick
        },
    }
}

/// Returns `true` if the quick search finds all matches of a segment.
pub(crate) fn is_regular(seen: &Impression) -> bool {
    seen.match_length >= QUICK_LENGTH && seen.steadiness >= QUICK_STEADINESS
}
