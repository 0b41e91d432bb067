//! Decides whether a written stream has to be compared with that of libdeflate.
//!
//! Samples say only roughly what matches save. Where they show none, a byte needs about as many bits in both streams.
//! What is left of the written bytes are those of parts with matches, and libdeflate may need fewer of them, by a share
//! that depends on the kind of the matches. If the stream could be too large in the worst case, both are made, and the
//! smaller one is taken.

use crate::choice::{LONG_MATCH, STEADY, is_regular};
use crate::plane_encoder::TRIED_GAIN;
use crate::probe::Impression;
use crate::symbols::WINDOW;

/// How much larger than that of libdeflate a stream may be: by this share, by so many bytes for each plane, and by one
/// in so many bytes of the chunk.
const TOLERANCE: f32 = 0.1;
const TOLERATED_PER_PLANE: usize = 16;
const TOLERATED_IN: usize = 500;

/// The largest share of the written bytes that libdeflate may save, by the kind of the matches: of regular ones both
/// searches find about all, of steady ones most.
const REGULAR: f32 = 0.2;
const STEADY_AND_LONG: f32 = 0.3;

/// Long matches need at most this share of what they repeat. If more was written, the sample shows only a part of what
/// is there.
const LONG_MATCHES: f32 = 0.06;

/// The share of other matches. The shorter they are, the less any of them saves.
const SHORT: f32 = 0.1;
const MIDDLING: f32 = 0.27;
const OTHER: f32 = 0.7;

/// The share in short planes: libdeflate repeats what is in the planes before, and does not begin a block with each of
/// them.
const SHORT_PLANES: f32 = 0.9;

/// Matches of few bytes are short or middling if their bytes have fewer bits than that as literals. A match has 15 to
/// 25 bits itself.
const SOME_BYTES: f32 = 16.0;
const FEW_BYTES: f32 = 10.0;
const SHORT_MATCH: f32 = 30.0;
const MIDDLING_MATCH: f32 = 50.0;

/// Matches save no more than so many times what the sample shows, which is too much for those of few bytes.
const TIMES_GAIN: f32 = 2.0;
const TIMES_GAIN_OF_SOME: f32 = 1.0;
const TIMES_GAIN_OF_FEW: f32 = 0.6;

/// The number of bytes that the block of a plane which is equal to the one before takes, and libdeflate does not need.
const HEADER_OF_COPY: f32 = 32.0;

/// If a plane has several parts, the sample of one of fewer bytes may not show short runs.
const SHORT_PART: usize = 16 << 10;

/// A sparse block needs no more than so many times the bits of the entropy.
const SPARSE: f32 = 1.5;

/// From so many planes on, short planes that hardly vary may repeat each other in a way that no sample shows.
const MIN_SIMILAR_PLANES: usize = 5;
const HARDLY_VARYING: f32 = 1.0;

/// If a chunk has short planes, and three or more of them take less than that many bytes each, the headers of their
/// blocks are much of it, and libdeflate may make a smaller stream with a single block.
const TINY_PLANE: usize = 250;
const MIN_TINY_PLANES: usize = 3;

/// The size of a chunk.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ChunkSize {
    /// The number of bytes.
    pub bytes: usize,
    /// The number of planes.
    pub planes: usize,
    /// The number of bytes of a plane.
    pub count: usize,
}

impl ChunkSize {
    /// Returns `true` if what is in a plane may be repeated in the next one.
    fn has_short_planes(self) -> bool {
        self.count < WINDOW
    }

    /// Returns `true` if libdeflate may repeat more of a segment than this crate does.
    fn is_uncertain(self, seen: &Impression) -> bool {
        let may_be_similar = self.has_short_planes()
            && self.planes >= MIN_SIMILAR_PLANES
            && seen.entropy < HARDLY_VARYING;
        seen.match_gain > TRIED_GAIN || may_be_similar || self.is_short_part(seen)
    }

    fn is_short_part(self, seen: &Impression) -> bool {
        seen.length < SHORT_PART.min(self.count)
    }

    /// Returns `true` if a stream that does not fit into `room` bytes may have to be compared.
    pub fn may_be_compared(self, survey: &[Impression], room: usize) -> bool {
        room < TINY_PLANE * self.planes || survey.iter().any(|seen| self.is_uncertain(seen))
    }
}

/// What libdeflate may save of a stream.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PossibleSavings {
    chunk: ChunkSize,
    bytes: f32,
    /// The number of planes that are not constant.
    varying: usize,
}

impl PossibleSavings {
    pub fn new(chunk: ChunkSize) -> PossibleSavings {
        PossibleSavings {
            chunk,
            ..PossibleSavings::default()
        }
    }

    /// Adds a plane that is equal to the one before.
    pub fn add_copy(&mut self) {
        self.varying += 1;
        self.bytes += HEADER_OF_COPY;
    }

    /// Adds another plane, which became `written` bytes.
    pub fn add_plane(&mut self, survey: &[Impression], written: usize) {
        self.varying += 1;
        // The bytes of literals, those of short parts, and the length of what else may be repeated.
        let (mut literals, mut short, mut repeated) = (0.0, 0.0, 0.0);
        let (mut share, mut are_long) = (0f32, true);
        for seen in survey {
            let length = seen.length as f32;
            if !self.chunk.is_uncertain(seen) {
                literals += length * seen.entropy / 8.0;
            } else if seen.match_gain <= TRIED_GAIN && self.chunk.is_short_part(seen) {
                // Where one byte prevails, a sparse block needs about as many bits as the entropy.
                short += length * seen.literal_bits.min(SPARSE * seen.entropy) / 8.0;
            } else {
                repeated += length;
                share = share.max(self.largest_share(seen));
                are_long &= is_long(seen);
            }
        }
        let written = (written as f32 - literals).max(0.0);
        let of_parts = short.min(written);
        self.bytes += OTHER * of_parts;
        if repeated > 0.0 {
            let rest = written - of_parts;
            if are_long && rest > LONG_MATCHES * repeated {
                share = share.max(OTHER);
            }
            self.bytes += share * rest;
        }
    }

    /// Returns the largest share of the bytes of an uncertain segment that libdeflate may save.
    fn largest_share(&self, seen: &Impression) -> f32 {
        if seen.match_gain <= TRIED_GAIN {
            return SHORT_PLANES;
        }
        let replaced_bits = seen.match_length * seen.entropy;
        if seen.match_length < FEW_BYTES {
            let most = if replaced_bits < SHORT_MATCH {
                SHORT
            } else if replaced_bits < MIDDLING_MATCH {
                MIDDLING
            } else {
                OTHER
            };
            most.min(TIMES_GAIN_OF_FEW * seen.match_gain)
        } else if self.chunk.has_short_planes() {
            SHORT_PLANES
        } else if is_regular(seen) {
            REGULAR
        } else if is_long(seen) {
            STEADY_AND_LONG
        } else {
            let times = if seen.match_length < SOME_BYTES {
                TIMES_GAIN_OF_SOME
            } else {
                TIMES_GAIN
            };
            OTHER.min(times * seen.match_gain)
        }
    }

    /// Returns `true` if a stream of `length` bytes may be too large.
    pub fn are_large(&self, length: usize) -> bool {
        let tolerated = TOLERATED_PER_PLANE * self.chunk.planes + self.chunk.bytes / TOLERATED_IN;
        let least = length as f32 - self.bytes;
        let has_tiny_planes = self.chunk.has_short_planes()
            && self.varying >= MIN_TINY_PLANES
            && length < TINY_PLANE * self.varying;
        has_tiny_planes || length as f32 > (1.0 + TOLERANCE) * least + tolerated as f32
    }
}

/// Returns `true` if the matches of a segment are long, and most of them have the distance of the one before.
fn is_long(seen: &Impression) -> bool {
    seen.match_length >= LONG_MATCH && seen.steadiness >= STEADY
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: ChunkSize = ChunkSize {
        bytes: 200_000,
        planes: 2,
        count: 100_000,
    };

    fn seen(match_gain: f32, match_length: f32) -> Impression {
        Impression {
            length: 100_000,
            uniform: false,
            literal_bits: 4.0,
            entropy: 4.0,
            match_gain,
            match_length,
            steadiness: 0.0,
            run_share: 0.0,
            reaches_back: false,
        }
    }

    fn are_large(planes: &[(Impression, usize)], chunk: ChunkSize) -> bool {
        let mut savings = PossibleSavings::new(chunk);
        for &(seen, written) in planes {
            savings.add_plane(&[seen], written);
        }
        savings.are_large(planes.iter().map(|(_, written)| written).sum())
    }

    #[test]
    fn literals_are_certain_and_irregular_matches_are_not() {
        let literals = (seen(0.0, 0.0), 50_000);
        assert!(!are_large(&[literals], CHUNK));
        assert!(are_large(&[(seen(0.9, 40.0), 20_000)], CHUNK));
        assert!(!are_large(&[literals, (seen(0.9, 40.0), 5000)], CHUNK));
        assert!(!are_large(&[(seen(0.3, 5.0), 20_000)], CHUNK));
        assert!(!are_large(&[(seen(0.9, 40.0), 432)], CHUNK));
    }

    #[test]
    fn long_matches_are_certain_unless_too_much_was_written() {
        let regular = Impression {
            steadiness: 1.0,
            ..seen(0.9, 80.0)
        };
        assert!(!are_large(&[(regular, 1200)], CHUNK));
        let literals = (seen(0.0, 0.0), 50_000);
        assert!(!are_large(&[literals, (regular, 1200)], CHUNK));
        assert!(are_large(&[(regular, 7000)], CHUNK));
        assert!(are_large(&[literals, (regular, 20_000)], CHUNK));
    }

    #[test]
    fn few_matches_save_little() {
        assert!(!are_large(&[(seen(0.04, 60.0), 20_000)], CHUNK));
        assert!(!are_large(&[(seen(0.07, 12.0), 20_000)], CHUNK));
        assert!(are_large(&[(seen(0.5, 60.0), 20_000)], CHUNK));
    }

    #[test]
    fn short_planes_of_few_bytes_are_not_certain() {
        let plane = (seen(0.0, 0.0), 200);
        let short = ChunkSize {
            planes: 12,
            count: 20_000,
            ..CHUNK
        };
        assert!(are_large(&[plane; 3], short));
        assert!(!are_large(&[plane; 2], short));
        assert!(!are_large(&[plane; 3], CHUNK));
    }
}
