//! Tries on pieces of a segment which search makes the smallest block.

use super::BlockEncoder;
use crate::EncodeError;
use crate::block_code::SymbolCounts;
use crate::byte_counts::ByteCounts;
use crate::match_finder::{Prices, Search};
use crate::section::Range;

/// The number of bytes of a piece that is tried. There are two of them.
const TRIED_PIECE: usize = 8 << 10;

/// The size of the largest part that is not tried, in bytes: two pieces would say too little about the whole.
const MAX_UNTRIED: usize = 48 << 10;

/// The share of the bits of a block without matches that one with matches at small distances may need, and the share
/// of the smaller one of these that one with any matches may need, which takes several times as long.
const NEAR_TOLERANCE: f32 = 0.99;
const FAR_TOLERANCE: f32 = 0.97;

/// If even matches at small distances need more than this share of the bits of a block without matches, others are not
/// tried: those at the smallest distances are cheapest.
const LOSS: f32 = 1.0;

/// Others are not tried either unless a sample promises that matches save this share, and so many times what those at
/// small distances save: it promises too much. Where these save much, others may save more than a sample shows.
const PROMISED: f32 = 0.03;
const PROMISED_TIMES: f32 = 2.0;
const MUCH_SAVED: f32 = 0.1;

/// Matches at small distances are clearly better if they need only this share of the bits of others.
const CLEARLY_NEAR: f32 = 0.85;

/// Runs alone may need this share of the bits of all matches at small distances.
const RUNS_TOLERANCE: f32 = 1.003;

/// The numbers of bits of two pieces, without headers.
pub(crate) struct Trial {
    /// Without a search: by literals or, if one byte prevails, as a sparse block.
    pub plain: f32,
    pub runs: f32,
    pub near: f32,
    /// By the quick search; infinite if that was not tried.
    pub far: f32,
}

impl Trial {
    /// Returns the search that is worth its time, if any is, `far` being the one for matches at any distance.
    pub fn best(&self, far: Search) -> Option<Search> {
        let near = self.near.min(self.runs);
        if self.far < FAR_TOLERANCE * self.plain.min(near) {
            Some(far)
        } else if near >= NEAR_TOLERANCE * self.plain {
            None
        } else if self.runs <= RUNS_TOLERANCE * self.near {
            Some(Search::Runs)
        } else {
            Some(Search::Near)
        }
    }
}

impl Trial {
    /// Returns `true` if matches at small distances are so much better than others that this holds where there is more
    /// that others could repeat.
    pub fn is_clearly_near(&self) -> bool {
        self.near.min(self.runs) < CLEARLY_NEAR * self.far.min(self.plain)
    }

    /// Returns the bits of a byte by the quick search.
    pub fn far_bits_per_byte(&self) -> f32 {
        self.far / (2 * TRIED_PIECE) as f32
    }
}

impl BlockEncoder {
    /// Tries all searches on two pieces of a part of a plane, of which a sample promises that matches save a share of its
    /// bits. Returns `None` if the part is too small.
    pub fn try_searches(
        &mut self,
        data: &[u8],
        part: Range,
        promised: f32,
    ) -> Result<Option<Trial>, EncodeError> {
        if part.length() <= MAX_UNTRIED {
            return Ok(None);
        }
        let quarter = part.length() / 4;
        let half = TRIED_PIECE / 2;
        let mut trial = Trial {
            plain: 0.0,
            runs: 0.0,
            near: 0.0,
            far: 0.0,
        };
        for middle in [part.start + quarter, part.end - quarter] {
            let piece = Range {
                start: middle - half,
                end: middle + half,
            };
            self.try_piece(data, piece, promised, &mut trial)?;
        }
        // The search of the block must not find what follows it.
        self.matches.reset();
        Ok(Some(trial))
    }

    fn try_piece(
        &mut self,
        data: &[u8],
        piece: Range,
        promised: f32,
        trial: &mut Trial,
    ) -> Result<(), EncodeError> {
        let bytes = &data[piece.start..piece.end];
        let counts = ByteCounts::of(self.instructions, bytes);
        let literals = SymbolCounts::of_literals(&counts.counts);
        let mut plain = self.code.build_lengths(&literals);
        if let Some(prevailing) = Self::prevailing(&counts) {
            let sparse =
                self.sparse
                    .measure(self.instructions, bytes, prevailing, &mut self.code)?;
            plain = plain.min(sparse);
        }
        trial.plain += plain as f32;
        for (search, bits) in [
            (Search::Runs, &mut trial.runs),
            (Search::Near, &mut trial.near),
        ] {
            *bits += self.measure(data, piece, &counts, search)?;
        }
        let saved = 1.0 - trial.near / trial.plain;
        let is_promising = saved > MUCH_SAVED || promised > PROMISED + PROMISED_TIMES * saved;
        trial.far += if is_promising && trial.near <= LOSS * trial.plain {
            self.measure(data, piece, &counts, Search::Quick)?
        } else {
            f32::INFINITY
        };
        Ok(())
    }

    fn measure(
        &mut self,
        data: &[u8],
        piece: Range,
        counts: &ByteCounts,
        search: Search,
    ) -> Result<f32, EncodeError> {
        let prices = Prices::for_search(counts, search);
        let bits = self
            .matches
            .measure(data, piece, &prices, search, &mut self.code)?;
        Ok(bits as f32)
    }
}
