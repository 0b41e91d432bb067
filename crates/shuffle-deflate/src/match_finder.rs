//! Finds matches, for data in which sequences of bytes come again.
//!
//! The finder is greedy: it takes the best match that it finds at a place, and goes on behind it, but only a match that
//! costs less than its bytes as literals. The search with a hash table knows one or two earlier places for each hash
//! value, and tries the last distance before, as repetitions in a chunk usually have the same period. Where it finds
//! nothing for a while, it skips more and more positions. The search for matches at small distances compares vectors
//! instead. It is faster, and finds about as much in counts of detectors, in which few values alternate.

use crate::EncodeError;
use crate::bit_writer::BitWriter;
use crate::block_code::{BlockCode, SymbolCounts};
use crate::byte_counts::ByteCounts;
use crate::equal_bytes;
use crate::instruction_set::{InstructionSet, Kind, compiled_for};
use crate::section::Range;
use crate::sequences::{self, Sequence};
use crate::symbols::{MAX_MATCH, MIN_MATCH, WINDOW};

mod greedy;
mod near;
mod prices;

pub(crate) use prices::Prices;

/// The number of bytes that are searched between two checks of the memory.
const STEP: usize = 128 << 10;

/// The number of sequences after which a block should end, as their statistics are known well enough.
const FULL_BLOCK: usize = 8192;

/// The number of hash values that the tables of the searches have. That of the quick one fits into the first-level
/// cache.
const QUICK_SLOTS: usize = 1 << 13;
const THOROUGH_SLOTS: usize = 1 << 14;

/// Which matches are searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// Matches at any distance, by a search that is fast where the last distance comes again.
    Quick,
    /// Matches at any distance, by a search that finds about as much as libdeflate does.
    Thorough,
    /// Matches at distances of up to 32.
    Near,
    /// Only matches of distance 1, which is faster still.
    Runs,
}

/// Finds the matches of one block at a time. The memory is used again for the next block.
pub(crate) struct MatchFinder {
    instructions: InstructionSet,
    quick: Index<QUICK_SLOTS, 1>,
    thorough: Index<THOROUGH_SLOTS, 2>,
    sequences: Vec<Sequence>,
    /// The start of the block.
    start: usize,
    /// The end of what has been searched.
    end: usize,
    prices: Prices,
    last_distance: usize,
}

/// A table, and what is in it.
struct Index<const SLOTS: usize, const WAYS: usize> {
    table: Box<greedy::Table<SLOTS, WAYS>>,
    /// All positions before that are in the table, if any are.
    end: usize,
    /// Positions before are not entered.
    first: usize,
    /// The number of bytes that are hashed.
    hashed: usize,
}

impl<const SLOTS: usize, const WAYS: usize> Index<SLOTS, WAYS> {
    fn new() -> Self {
        Index {
            table: greedy::Table::new(),
            end: 0,
            first: 0,
            hashed: 0,
        }
    }

    fn reset(&mut self) {
        self.first = 0;
        if self.end > 0 {
            self.table.clear();
            self.end = 0;
        }
    }

    /// Enters the window before `start`, unless it is in the table.
    fn catch_up(&mut self, data: &[u8], start: usize, prices: &Prices) {
        if self.hashed != prices.hashed_length() {
            // What is in the table would not be found any more.
            self.hashed = prices.hashed_length();
            self.table.clear();
            self.end = 0;
        }
        let from = self.end.max(self.first).max(start.saturating_sub(WINDOW));
        if from < start {
            self.table.index(data, from, start, prices);
        }
        self.end = data.len();
    }
}

impl MatchFinder {
    pub fn new(instructions: InstructionSet) -> MatchFinder {
        MatchFinder {
            instructions,
            quick: Index::new(),
            thorough: Index::new(),
            sequences: Vec::new(),
            start: 0,
            end: 0,
            prices: Prices::for_search(
                &ByteCounts {
                    counts: [1; 256],
                    total: 256,
                },
                Search::Quick,
            ),
            last_distance: 1,
        }
    }

    /// Forgets all data. What follows is not compared with what was before.
    pub fn reset(&mut self) {
        self.quick.reset();
        self.thorough.reset();
        self.last_distance = 1;
    }

    /// Begins a block at `start`.
    pub fn begin(&mut self, start: usize, prices: &Prices) {
        self.sequences.clear();
        self.start = start;
        self.end = start;
        self.prices = prices.clone();
    }

    /// Lets the block repeat nothing that is before it. Otherwise that is entered into the table first, which
    /// takes time.
    pub fn ignore_earlier(&mut self) {
        self.quick.first = self.start;
        self.thorough.first = self.start;
    }

    /// Searches `data` up to `end`. Matches may refer to everything before, in the window of deflate.
    ///
    /// `data` is the same for all calls since the last [`MatchFinder::reset`], except that it may become longer.
    pub fn extend(&mut self, data: &[u8], end: usize, search: Search) -> Result<(), EncodeError> {
        while self.end < end {
            let step_end = end.min(self.end + STEP);
            self.sequences
                .try_reserve((step_end - self.end) / MIN_MATCH + 2)?;
            let data = &data[..step_end];
            match search {
                Search::Quick => self.find_quickly(data),
                Search::Thorough => self.find_thoroughly(data),
                Search::Near | Search::Runs => self.find_near(data, search),
            }
            self.end = step_end;
        }
        Ok(())
    }

    fn find_quickly(&mut self, data: &[u8]) {
        self.quick.catch_up(data, self.end, &self.prices);
        self.last_distance = find_quickly(
            self.instructions,
            &mut self.quick.table,
            data,
            self.end,
            self.last_distance,
            &self.prices,
            &mut self.sequences,
        );
    }

    fn find_near(&mut self, data: &[u8], search: Search) {
        let (instructions, start) = (self.instructions, self.end);
        let (prices, sequences) = (&self.prices, &mut self.sequences);
        if search == Search::Runs {
            find_runs(instructions, data, start, prices, sequences);
        } else {
            find_near(instructions, data, start, prices, sequences);
        }
    }

    fn find_thoroughly(&mut self, data: &[u8]) {
        self.thorough.catch_up(data, self.end, &self.prices);
        self.last_distance = find_thoroughly(
            self.instructions,
            &mut self.thorough.table,
            data,
            self.end,
            self.last_distance,
            &self.prices,
            &mut self.sequences,
        );
    }

    /// Returns `true` if the block is so long that a new code may be better.
    pub fn is_full(&self) -> bool {
        self.sequences.len() > FULL_BLOCK
    }

    /// Makes the codes of the block and returns its number of bits.
    pub fn build_code(&self, data: &[u8], code: &mut BlockCode) -> u64 {
        code.build(&self.count_symbols(data))
    }

    /// Makes the codes of a block in which bytes occur as often as `totals` says, and returns its number of bits.
    pub fn build_code_of(&self, totals: &ByteCounts, data: &[u8], code: &mut BlockCode) -> u64 {
        let data = &data[self.start..self.end];
        let (instructions, sequences) = (self.instructions, &self.sequences);
        code.build(&sequences::count_symbols_of(
            instructions,
            totals,
            sequences,
            data,
        ))
    }

    /// Returns the bits of a piece of `data`, without a header, if these are searched alone. No block may
    /// be open.
    pub fn measure(
        &mut self,
        data: &[u8],
        piece: Range,
        prices: &Prices,
        search: Search,
        code: &mut BlockCode,
    ) -> Result<u64, EncodeError> {
        self.begin(piece.start, prices);
        // It would take longer than the search.
        self.ignore_earlier();
        self.extend(data, piece.end, search)?;
        Ok(code.build_lengths(&self.count_symbols(data)))
    }

    fn count_symbols(&self, data: &[u8]) -> SymbolCounts {
        sequences::count_symbols(self.instructions, &self.sequences, &data[self.start..])
    }

    /// Writes the block.
    pub fn write(&self, data: &[u8], code: &BlockCode, is_last: bool, writer: &mut BitWriter) {
        let data = &data[self.start..self.end];
        sequences::write_block(
            self.instructions,
            &self.sequences,
            data,
            code,
            is_last,
            writer,
        );
    }
}

// A function that is compiled for a set of instructions cannot take the generic parameters of the one around it, so
// that each size of table has a function of its own.

fn find_quickly(
    instructions: InstructionSet,
    table: &mut greedy::Table<QUICK_SLOTS, 1>,
    data: &[u8],
    start: usize,
    last_distance: usize,
    prices: &Prices,
    sequences: &mut Vec<Sequence>,
) -> usize {
    compiled_for!(
        instructions,
        greedy::find,
        (
            table: &mut greedy::Table<QUICK_SLOTS, 1>,
            data: &[u8],
            start: usize,
            last_distance: usize,
            prices: &Prices,
            sequences: &mut Vec<Sequence>,
        ) -> usize
    )
}

fn find_thoroughly(
    instructions: InstructionSet,
    table: &mut greedy::Table<THOROUGH_SLOTS, 2>,
    data: &[u8],
    start: usize,
    last_distance: usize,
    prices: &Prices,
    sequences: &mut Vec<Sequence>,
) -> usize {
    compiled_for!(
        instructions,
        greedy::find,
        (
            table: &mut greedy::Table<THOROUGH_SLOTS, 2>,
            data: &[u8],
            start: usize,
            last_distance: usize,
            prices: &Prices,
            sequences: &mut Vec<Sequence>,
        ) -> usize
    )
}

/// Makes a function that compares vectors of a set of instructions.
macro_rules! with_vectors {
    ($name:ident, $find:ident) => {
        fn $name(
            instructions: InstructionSet,
            data: &[u8],
            start: usize,
            prices: &Prices,
            sequences: &mut Vec<Sequence>,
        ) {
            match instructions.kind() {
                Kind::Portable => {
                    near::$find::<equal_bytes::Portable>(data, start, prices, sequences);
                }
                #[cfg(target_arch = "x86_64")]
                Kind::Sse2 | Kind::Avx2 => compiled_for!(
                    instructions,
                    near::$find::<equal_bytes::Sse2>,
                    (data: &[u8], start: usize, prices: &Prices, sequences: &mut Vec<Sequence>)
                ),
                #[cfg(target_arch = "aarch64")]
                Kind::Neon => near::$find::<equal_bytes::Neon>(data, start, prices, sequences),
            }
        }
    };
}
with_vectors!(find_near, find);
with_vectors!(find_runs, find_runs);

/// Returns the 8 bytes at `at`.
#[inline(always)]
fn load(data: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&data[at..][..8]);
    u64::from_le_bytes(bytes)
}

/// Returns how many bytes from `earlier` and from `at` on agree, up to the end of `data` and at most
/// [`MAX_MATCH`].
#[inline(always)]
pub(crate) fn common_length(data: &[u8], earlier: usize, at: usize) -> usize {
    let limit = data.len().wrapping_sub(at).min(MAX_MATCH);
    let here = &data[at..][..limit];
    let there = &data[earlier..][..limit];
    let mut length = 0;
    for (here, there) in here.chunks_exact(8).zip(there.chunks_exact(8)) {
        let difference = load(here, 0) ^ load(there, 0);
        if difference != 0 {
            return length | (difference.trailing_zeros() >> 3) as usize;
        }
        length = length.wrapping_add(8);
    }
    while length < limit && here[length] == there[length] {
        length = length.wrapping_add(1);
    }
    length
}
