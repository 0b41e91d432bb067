//! Encodes the bytes of one block, and chooses how.

use crate::EncodeError;
use crate::bit_writer::BitWriter;
use crate::block_code::{BlockCode, SymbolCounts};
use crate::choice::is_regular;
use crate::instruction_set::InstructionSet;
use crate::literals::{PairTable, stored_bits, write_stored};
use crate::match_finder::{MatchFinder, Search};
use crate::piece::{MAX_PIECE, Piece};
use crate::probe::Impression;
use crate::repeated::{write_constant, write_copy};
use crate::section::Range;
use crate::sparse::SparseBlock;

/// The share of a block that its most frequent byte must have for a sparse block to be tried.
const PREVAILING: f32 = 0.6;

/// The share of the bits of a stored block that a code may need.
const STORED_TOLERANCE: f32 = 0.98;

/// The share of the bits of literals that matches may need in two pieces of the block, for the whole block
/// to be searched; and the share that the whole block may need.
const TRIAL_TOLERANCE: f32 = 0.985;
const MATCH_TOLERANCE: f32 = 0.995;

/// The size of the largest part that is searched without a trial, in bytes, and the share that matches must promise
/// to save for larger parts to be searched whatever the trial says: its pieces may be where nothing is repeated.
const MAX_UNTRIED: usize = 48 << 10;
const UNTRIED_GAIN: f32 = 0.1;

/// The smallest block that is searched for matches, in bytes.
const MIN_SEARCHED: usize = 64;

/// The smallest constant block that is coded as a literal and matches, in bytes.
const MIN_CONSTANT: usize = 16;

/// Runs alone may need this share of the bits of all matches.
const RUNS_TOLERANCE: f32 = 1.02;

/// Data that compress to less than that many bits for each byte are always searched for all matches, which is
/// fast for them: longer distances may save much more.
const MIN_BITS_OF_RUNS: f32 = 0.5;

/// Runs must save this share of what matches promise.
const GAIN_OF_RUNS: f32 = 0.7;

/// Which matches should be searched for, and how many bits a byte needs with them.
#[derive(Clone, Copy)]
struct Trial {
    search: Search,
    bits_per_byte: f32,
}

/// What matches are expected to save in a block.
#[derive(Clone, Copy)]
pub(crate) struct ExpectedMatches {
    /// The share of the bits of literals.
    pub gain: f32,
    /// How they are searched for, unless they are runs.
    pub search: Search,
}

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
        let literal_bits = seen.literal_bits;
        let all = if is_regular(&seen) {
            Search::Quick
        } else {
            irregular
        };
        let search = if literal_bits * (1.0 - seen.match_gain) < MIN_BITS_OF_RUNS / 2.0 {
            all
        } else {
            let trial = self.try_matches(data, segment, literal_bits, seen.match_gain)?;
            match trial.search {
                Search::Runs => Search::Runs,
                Search::Quick | Search::Thorough => all,
            }
        };
        self.matches.begin(segment.start, literal_bits);
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

    /// Tries both searches on two pieces of a segment.
    fn try_matches(
        &mut self,
        data: &[u8],
        segment: Range,
        literal_bits: f32,
        gain: f32,
    ) -> Result<Trial, EncodeError> {
        if segment.length() <= MAX_UNTRIED {
            // Two pieces would say too little about the whole.
            return Ok(Trial {
                search: Search::Quick,
                bits_per_byte: 0.0,
            });
        }
        let quarter = segment.length() / 4;
        let half = MAX_PIECE / 4;
        let middles = [segment.start + quarter, segment.end - quarter];
        let mut measure = |search| -> Result<f32, EncodeError> {
            let mut bits = 0;
            for middle in middles {
                let piece = (middle - half, middle + half);
                bits += self
                    .matches
                    .measure(data, piece, literal_bits, search, &mut self.code)?;
            }
            Ok(bits as f32 / (4 * half) as f32)
        };
        let all = measure(Search::Quick)?;
        let runs = measure(Search::Runs)?;
        // The search of the block must not find what follows it.
        self.matches.reset();
        let only_runs = runs <= RUNS_TOLERANCE * all
            && all > MIN_BITS_OF_RUNS
            // Matches that reach further back than the piece are not seen in it.
            && 1.0 - runs / literal_bits > GAIN_OF_RUNS * gain;
        Ok(Trial {
            search: if only_runs {
                Search::Runs
            } else {
                Search::Quick
            },
            bits_per_byte: all.min(runs),
        })
    }

    /// Writes bytes of one distribution, in the smallest block. `piece` has their statistics. Matches are tried
    /// if they are expected to save something.
    pub fn write_frequencies(
        &mut self,
        data: &[u8],
        range: Range,
        piece: &Piece,
        matches: Option<ExpectedMatches>,
        is_last: bool,
        writer: &mut BitWriter,
    ) -> Result<(), EncodeError> {
        let bytes = &data[range.start..range.end];
        let length = bytes.len();
        let prevailing = piece.counts.most_frequent();
        if prevailing.1 as usize == length && length >= MIN_CONSTANT {
            self.write_constant(prevailing.0, length as u64, is_last, writer);
            return Ok(());
        }
        let mut bits = piece.bits;
        let mut is_sparse = false;
        if prevailing.1 as f32 > PREVAILING * length as f32 {
            let sparse = self
                .sparse
                .plan(self.instructions, bytes, prevailing, &mut self.code)?;
            is_sparse = (sparse as f32) < bits;
            if is_sparse {
                bits = sparse as f32;
            }
        }
        if let Some(expected) = matches
            && length >= MIN_SEARCHED
        {
            if self.write_if_matched(data, range, bits, expected, is_last, writer)? {
                return Ok(());
            }
            if is_sparse {
                // Its codes were lost in the trial.
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

    /// Writes a block with matches if it has clearly less than `bits` bits. Returns `false` otherwise.
    fn write_if_matched(
        &mut self,
        data: &[u8],
        range: Range,
        bits: f32,
        expected: ExpectedMatches,
        is_last: bool,
        writer: &mut BitWriter,
    ) -> Result<bool, EncodeError> {
        let literal_bits = bits / range.length() as f32;
        let trial = self.try_matches(data, range, literal_bits, 0.0)?;
        if expected.gain < UNTRIED_GAIN && trial.bits_per_byte >= TRIAL_TOLERANCE * literal_bits {
            return Ok(false);
        }
        let search = match trial.search {
            Search::Runs => Search::Runs,
            Search::Quick | Search::Thorough => expected.search,
        };
        self.matches.begin(range.start, literal_bits);
        self.matches.extend(data, range.end, search)?;
        let matched = self.matches.build_code(data, &mut self.code);
        let is_smaller = (matched as f32) < MATCH_TOLERANCE * bits;
        if is_smaller {
            self.write_smaller(data, range, matched, is_last, writer);
        }
        Ok(is_smaller)
    }
}
