//! Encodes the bytes of one block, and chooses how.

use crate::EncodeError;
use crate::bit_writer::BitWriter;
use crate::block_code::{BlockCode, SymbolCounts};
use crate::byte_counts::ByteCounts;
use crate::choice::is_regular;
use crate::instruction_set::InstructionSet;
use crate::literals::{PairTable, stored_bits, write_stored};
use crate::match_finder::{MatchFinder, Prices, Search};
use crate::piece::Piece;
use crate::probe::Impression;
use crate::repeated::{write_constant, write_copy};
use crate::section::Range;
use crate::sparse::SparseBlock;

mod trial;

/// The share of a block that its most frequent byte must have for a sparse block to be tried.
const PREVAILING: f32 = 0.6;

/// The share of the bits of a stored block that a code may need.
const STORED_TOLERANCE: f32 = 0.98;

/// The share of the bits of a block without matches that one with matches may need.
const MATCH_TOLERANCE: f32 = 0.995;

/// The smallest block that is searched for matches, in bytes.
const MIN_SEARCHED: usize = 64;

/// The smallest constant block that is coded as a literal and matches, in bytes.
const MIN_CONSTANT: usize = 16;

/// Runs alone may need this share of the bits of all matches.
const RUNS_TOLERANCE: f32 = 1.02;

/// Data that compress to less than that many bits for each byte are always searched for all matches, which is
/// fast for them: longer distances may save much more.
const MIN_BITS_OF_RUNS: f32 = 0.5;

/// If runs save less than that share of what all matches do, runs alone are not tried.
const MIN_RUN_SHARE: f32 = 0.5;

/// Runs must save this share of what matches promise.
const GAIN_OF_RUNS: f32 = 0.7;

/// Writes blocks. The result depends only on the data since the last [`BlockEncoder::reset`].
pub(crate) struct BlockEncoder {
    instructions: InstructionSet,
    code: BlockCode,
    pairs: PairTable,
    sparse: SparseBlock,
    matches: MatchFinder,
}

impl BlockEncoder {
    pub fn new(instructions: InstructionSet) -> BlockEncoder {
        BlockEncoder {
            instructions,
            code: BlockCode::new(),
            pairs: PairTable::new(),
            sparse: SparseBlock::new(),
            matches: MatchFinder::new(instructions),
        }
    }

    /// Forgets all data, so that no match refers to them.
    pub fn reset(&mut self) {
        self.matches.reset();
    }

    /// Writes `length` times the same byte.
    pub fn write_constant(&mut self, byte: u8, length: u64, is_last: bool, writer: &mut BitWriter) {
        write_constant(byte, length, &mut self.code, is_last, writer);
    }

    /// Writes the last `length` bytes once more.
    pub fn write_copy(&mut self, length: u32, is_last: bool, writer: &mut BitWriter) {
        write_copy(length, u64::from(length), &mut self.code, is_last, writer);
    }

    /// Begins a block at the start of a segment of which a sample has been `seen`. Returns which matches should be
    /// searched for, `irregular` being the search for irregular ones.
    pub fn begin_matches(
        &mut self,
        data: &[u8],
        segment: Range,
        seen: Impression,
        irregular: Search,
    ) -> Result<Search, EncodeError> {
        let all = if is_regular(&seen) {
            Search::Quick
        } else {
            irregular
        };
        let promised = seen.literal_bits * (1.0 - seen.match_gain);
        let search = if promised >= MIN_BITS_OF_RUNS / 2.0 && self.only_runs(data, segment, seen)? {
            Search::Runs
        } else {
            all
        };
        let counts = ByteCounts::of_sample(self.instructions, &data[segment.start..segment.end]);
        let prices = Prices::for_search(&counts, search);
        self.matches.begin(segment.start, &prices);
        if !seen.reaches_back {
            self.matches.ignore_earlier();
        }
        Ok(search)
    }

    /// Adds the bytes up to `end` to the block of matches. Returns `true` if the block should end there.
    pub fn extend_matches(
        &mut self,
        data: &[u8],
        end: usize,
        search: Search,
    ) -> Result<bool, EncodeError> {
        self.matches.extend(data, end, search)?;
        Ok(self.matches.is_full())
    }

    /// Writes the block of matches that was begun at `range.start` and extended to `range.end`.
    pub fn write_matches(
        &mut self,
        data: &[u8],
        range: Range,
        is_last: bool,
        writer: &mut BitWriter,
    ) {
        let bits = self.matches.build_code(data, &mut self.code);
        self.write_smaller(data, range, bits, is_last, writer);
    }

    fn write_smaller(
        &mut self,
        data: &[u8],
        range: Range,
        bits: u64,
        is_last: bool,
        writer: &mut BitWriter,
    ) {
        if bits > stored_bits(range.length()) {
            write_stored(&data[range.start..range.end], is_last, writer);
        } else {
            self.matches.write(data, &self.code, is_last, writer);
        }
    }

    /// Returns `true` if the matches of a segment are hardly anything but runs.
    fn only_runs(
        &mut self,
        data: &[u8],
        segment: Range,
        seen: Impression,
    ) -> Result<bool, EncodeError> {
        if seen.run_share < MIN_RUN_SHARE && is_regular(&seen) {
            return Ok(false);
        }
        let trial = self.try_searches(data, segment, seen.match_gain)?;
        Ok(trial.is_some_and(|trial| {
            trial.runs <= RUNS_TOLERANCE * trial.far
                && trial.far_bits_per_byte() > MIN_BITS_OF_RUNS
                // Matches that reach further back than the piece are not seen in it.
                && 1.0 - trial.runs / trial.plain > GAIN_OF_RUNS * seen.match_gain
        }))
    }

    /// Returns the most frequent byte and how often it occurs, if a block of such bytes may be sparse.
    fn prevailing(counts: &ByteCounts) -> Option<(u8, u32)> {
        let (byte, occurrences) = counts.most_frequent();
        let prevails = occurrences as f32 > PREVAILING * counts.total as f32;
        prevails.then_some((byte, occurrences))
    }

    /// Writes bytes of one distribution, in the smallest block. `piece` has their statistics. Matches are
    /// searched for in the given way.
    pub fn write_frequencies(
        &mut self,
        data: &[u8],
        range: Range,
        piece: &Piece,
        search: Option<Search>,
        is_last: bool,
        writer: &mut BitWriter,
    ) -> Result<(), EncodeError> {
        let bytes = &data[range.start..range.end];
        let length = bytes.len();
        let prevailing = Self::prevailing(&piece.counts);
        if let Some((byte, occurrences)) = prevailing
            && occurrences as usize == length
            && length >= MIN_CONSTANT
        {
            self.write_constant(byte, length as u64, is_last, writer);
            return Ok(());
        }
        let mut bits = piece.bits;
        let mut is_sparse = false;
        if let Some(prevailing) = prevailing {
            let sparse = self
                .sparse
                .plan(self.instructions, bytes, prevailing, &mut self.code)?;
            is_sparse = (sparse as f32) < bits;
            if is_sparse {
                bits = sparse as f32;
            }
        }
        if let Some(search) = search
            && length >= MIN_SEARCHED
        {
            let prices = Prices::for_search(&piece.counts, search);
            self.matches.begin(range.start, &prices);
            self.matches.extend(data, range.end, search)?;
            let matched = match search {
                Search::Near | Search::Runs => {
                    self.matches
                        .build_code_of(&piece.counts, data, &mut self.code)
                }
                Search::Quick | Search::Thorough => self.matches.build_code(data, &mut self.code),
            };
            if (matched as f32) < MATCH_TOLERANCE * bits {
                self.write_smaller(data, range, matched, is_last, writer);
                return Ok(());
            }
            if is_sparse && let Some(prevailing) = prevailing {
                // Its codes were lost in the search.
                self.sparse
                    .plan(self.instructions, bytes, prevailing, &mut self.code)?;
            }
        }
        if is_sparse {
            self.sparse
                .write(self.instructions, bytes, &self.code, is_last, writer);
        } else if bits > STORED_TOLERANCE * 8.0 * length as f32 {
            write_stored(bytes, is_last, writer);
        } else {
            self.write_literals(bytes, piece, is_last, writer);
        }
        Ok(())
    }

    fn write_literals(
        &mut self,
        bytes: &[u8],
        piece: &Piece,
        is_last: bool,
        writer: &mut BitWriter,
    ) {
        let bits = self
            .code
            .build(&SymbolCounts::of_literals(&piece.counts.counts));
        if bits > stored_bits(bytes.len()) {
            write_stored(bytes, is_last, writer);
        } else {
            self.pairs
                .write_block(self.instructions, bytes, &self.code, is_last, writer);
        }
    }
}
