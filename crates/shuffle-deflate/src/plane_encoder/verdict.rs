//! Decides how the segments of a plane are coded, and where matches are worth a search.

use super::{Content, OpenBlock, Plane, PlaneEncoder, Progress};
use crate::EncodeError;
use crate::choice::is_regular;
use crate::match_finder::Search;
use crate::piece::{MAX_PIECE, piece_length};
use crate::probe::Impression;
use crate::section::Range;
use crate::segment::SEGMENT;

/// The share of the bits of literals that matches have to save for a segment to be searched at once. If the
/// bytes are uniform, nothing else can save anything.
pub(super) const MATCH_GAIN: f32 = 0.3;
const MATCH_GAIN_OF_UNIFORM: f32 = 0.05;

/// Matches that are shorter seem to save more than they do, so that it is always tried what they save.
const LONG_MATCH: f32 = 16.0;

/// The share that long matches must promise to save for a segment to be searched whatever a trial on pieces says, as
/// these may be where nothing is repeated.
const UNTRIED_GAIN: f32 = 0.1;
const UNTRIED_GAIN_OF_SPARSE: f32 = 0.5;

/// The smallest entropy of a byte that a sample can tell from none, in bits.
const MIN_ENTROPY: f32 = 0.1;

/// What a trial said holds for the next segments, too, unless they promise so much more.
const SIMILAR: f32 = 2.0;

/// If matches promise more than this share, or have so many bytes, there is no trial: it would not see what they repeat
/// far before its pieces.
const SURE_GAIN: f32 = 0.5;
const SURE_LENGTH: f32 = 8.0;

/// If literals need so few bits, a sparse block may be as small as one with matches.
const SPARSE_LITERAL_BITS: f32 = 1.3;

/// If literals need so few bits, and matches are not regular, parts of the segment may be sparse and others not.
const MIXED_LITERAL_BITS: f32 = 2.5;

/// The share from which on it is tried whether matches save something.
pub(crate) const TRIED_GAIN: f32 = 0.02;

/// One in so many segments decides about the length of the pieces.
const PIECE_LENGTH_EVERY: usize = 8;

/// How a segment should be coded.
pub(super) enum Verdict {
    Store,
    Match,
    Count(Matches),
}

/// What is known about matches in a part of a plane.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Matches {
    /// The sample of the segment shows none. There may be some in parts of the segment.
    Unseen,
    /// They save too little.
    Useless,
    /// They should be searched for in this way.
    Useful(Search),
}

/// What a trial on pieces of a segment said.
#[derive(Clone, Copy)]
pub(super) struct Tried {
    seen: Impression,
    matches: Matches,
}

impl Tried {
    /// Returns `true` if the result may hold for a segment, too.
    fn holds_for(&self, seen: &Impression) -> bool {
        seen.match_gain <= SIMILAR * self.seen.match_gain
            && seen.match_length <= SIMILAR * self.seen.match_length
    }
}

impl PlaneEncoder {
    /// Decides how a segment is coded.
    pub(super) fn judge(
        &mut self,
        progress: &mut Progress,
        segment: Range,
        seen: Impression,
    ) -> Result<Verdict, EncodeError> {
        let is_sparse = seen.literal_bits < SPARSE_LITERAL_BITS
            || seen.literal_bits < MIXED_LITERAL_BITS && !is_regular(&seen);
        let needed = if seen.uniform {
            MATCH_GAIN_OF_UNIFORM
        } else {
            MATCH_GAIN
        };
        let promises = seen.match_gain > needed && !is_sparse;
        let is_sure =
            seen.match_gain > SURE_GAIN || seen.match_length >= SURE_LENGTH || seen.uniform;
        if promises && is_sure {
            return Ok(Verdict::Match);
        }
        if seen.uniform {
            return Ok(Verdict::Store);
        }
        if progress.counted.is_multiple_of(PIECE_LENGTH_EVERY) {
            let data = &progress.plane.data[segment.start..segment.end];
            progress.piece_length = piece_length(self.instructions, data);
        }
        progress.counted += 1;
        let matches = if seen.match_gain <= TRIED_GAIN {
            Matches::Unseen
        } else if progress.piece_length < MAX_PIECE && !is_sparse && !promises {
            // Smaller pieces save what short matches would.
            Matches::Useless
        } else {
            self.expected_matches(progress, segment, seen, is_sparse)?
        };
        Ok(match matches {
            Matches::Useful(Search::Quick | Search::Thorough) if promises => Verdict::Match,
            _ => Verdict::Count(matches),
        })
    }

    /// Returns which matches should be searched for in a segment that promises some.
    fn expected_matches(
        &mut self,
        progress: &mut Progress,
        segment: Range,
        seen: Impression,
        is_sparse: bool,
    ) -> Result<Matches, EncodeError> {
        if let Some(tried) = progress.tried
            && tried.holds_for(&seen)
        {
            return Ok(tried.matches);
        }
        if let Some(OpenBlock {
            content: Content::Matches(_),
            ..
        }) = &progress.open
        {
            // The trial needs the match finder.
            self.close(progress, segment.start)?;
        }
        let Plane {
            data, irregular, ..
        } = progress.plane;
        let gain = if is_sparse {
            // A sparse block needs about as many bits as the entropy.
            seen.match_gain * seen.literal_bits / seen.entropy.max(MIN_ENTROPY)
        } else {
            seen.match_gain
        };
        let untried_gain = if is_sparse {
            UNTRIED_GAIN_OF_SPARSE
        } else {
            UNTRIED_GAIN
        };
        let must_search = gain > untried_gain && seen.match_length >= LONG_MATCH;
        let matches = match self.blocks.try_searches(data, segment, gain)? {
            None => Matches::Useful(irregular),
            Some(trial) if must_search && !trial.is_clearly_near() => Matches::Useful(irregular),
            Some(trial) => trial
                .best(irregular)
                .map_or(Matches::Useless, Matches::Useful),
        };
        progress.tried = Some(Tried { seen, matches });
        Ok(matches)
    }

    /// Returns which matches should be searched for in a part of a segment, of which the sample of the segment said
    /// little, if they promise to save more than a share of its bits.
    pub(super) fn search_for_part(
        &mut self,
        plane: Plane,
        part: Range,
        needed: f32,
    ) -> Option<Search> {
        let segment = SEGMENT.min(plane.data.len() - plane.start);
        if !(MAX_PIECE / 4..segment).contains(&part.length()) {
            return None;
        }
        let seen = self.probe.look_again(&plane.data[..part.end], part.start);
        (seen.match_gain > needed).then_some(plane.irregular)
    }
}
