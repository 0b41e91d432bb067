//! Blocks in which one byte prevails, such as the counts of a detector that sees little.
//!
//! The positions of the other bytes are found by comparing vectors. What lies between them is a *gap* of the
//! prevailing byte, which is coded as literals or as a literal and a match of distance 1. All gaps of the same
//! length are coded in the same way, so that a gap is one entry of a table.

use crate::EncodeError;
use crate::bit_writer::BitWriter;
use crate::block_code::{BlockCode, PackedCode, SymbolCounts};
use crate::equal_bytes::{self, EqualBytes};
use crate::instruction_set::{InstructionSet, Kind, compiled_for};
use crate::repeated::put_match;
use crate::symbols::{
    FIRST_LENGTH, LENGTH_EXTRA_BITS, MAX_MATCH, MIN_MATCH, cut_into_matches, length_symbol,
};

/// The number of lengths of gaps in the table. Longer gaps are coded as a literal and several matches.
const SHORT_GAPS: usize = MAX_MATCH + 1;

/// The smallest gap that can be a literal and a match.
const MIN_MATCHED_GAP: usize = 1 + MIN_MATCH;

/// Gaps from this length on are always coded with matches.
const ALWAYS_MATCHED_GAP: usize = 13;

/// Gaps from this length on are coded with matches while the codes are not known yet.
const FIRST_GUESS: usize = 7;

/// The largest number of bits of an entry of the table. With a literal of 12 bits, both are put at once.
const MAX_ENTRY_BITS: u32 = 42;

/// The number of bits of an entry that stands for more than [`MAX_ENTRY_BITS`].
const TOO_LONG: u64 = 0xff;

/// The number of positions that are written at once, needed or not.
const POSITIONS_AT_ONCE: usize = 4;

/// A block, as it is planned. The memory is used again for the next one.
pub(crate) struct SparseBlock {
    /// The positions of all bytes but the prevailing one, and unused room for some more.
    positions: Vec<u32>,
    position_count: usize,
    prevailing: u8,
    /// The code of a gap of each length, from the 8th bit on, and its number of bits.
    gap_codes: [u64; SHORT_GAPS],
    /// `true` if a gap of this length is coded with a match.
    matched: [bool; SHORT_GAPS],
}

/// What the gaps of a block are.
struct Gaps {
    /// How often each short length occurs.
    short: [u32; SHORT_GAPS],
    /// The symbols of everything else: the other bytes, long gaps, and the end of the block.
    fixed: SymbolCounts,
}

impl SparseBlock {
    pub fn new() -> SparseBlock {
        SparseBlock {
            positions: Vec::new(),
            position_count: 0,
            prevailing: 0,
            gap_codes: [0; SHORT_GAPS],
            matched: [false; SHORT_GAPS],
        }
    }

    /// Plans a block for `data`, of which the byte that prevails and the number of its occurrences are known. Fills in its codes
    /// and returns its number of bits.
    pub fn plan(
        &mut self,
        instructions: InstructionSet,
        data: &[u8],
        prevailing: (u8, u32),
        code: &mut BlockCode,
    ) -> Result<u64, EncodeError> {
        let gaps = self.choose(instructions, data, prevailing, code)?;
        let bits = code.build(&self.symbol_counts(&gaps));
        self.fill_gap_codes(&gaps, code);
        Ok(bits)
    }

    /// Returns the number of bits of such a block, without its header.
    pub fn measure(
        &mut self,
        instructions: InstructionSet,
        data: &[u8],
        prevailing: (u8, u32),
        code: &mut BlockCode,
    ) -> Result<u64, EncodeError> {
        let gaps = self.choose(instructions, data, prevailing, code)?;
        Ok(code.build_lengths(&self.symbol_counts(&gaps)))
    }

    /// Finds the gaps, and decides how they are coded.
    fn choose(
        &mut self,
        instructions: InstructionSet,
        data: &[u8],
        (prevailing, occurrences): (u8, u32),
        code: &mut BlockCode,
    ) -> Result<Gaps, EncodeError> {
        self.prevailing = prevailing;
        let needed = data.len() - occurrences as usize + POSITIONS_AT_ONCE;
        if self.positions.len() < needed {
            self.positions.try_reserve(needed - self.positions.len())?;
            self.positions.resize(needed, 0);
        }
        self.position_count = find_others(instructions, data, prevailing, &mut self.positions);

        let gaps = self.gaps(data);
        self.matched = std::array::from_fn(|length| length >= FIRST_GUESS);
        code.build_lengths(&self.symbol_counts(&gaps));
        self.choose_matched(code);
        Ok(gaps)
    }

    fn others(&self) -> &[u32] {
        &self.positions[..self.position_count]
    }

    /// Counts the gaps and the other bytes.
    fn gaps(&self, data: &[u8]) -> Gaps {
        let mut short = [0; SHORT_GAPS];
        let mut fixed = SymbolCounts::of_literals(&[0; 256]);
        let mut add_gap = |length: usize, fixed: &mut SymbolCounts| {
            if let Some(count) = short.get_mut(length) {
                *count += 1;
            } else {
                fixed.literal_length[usize::from(self.prevailing)] += 1;
                cut_into_matches(length - 1, |length| fixed.add_matches(length, 1, 1));
            }
        };
        let mut next = 0;
        for &position in self.others() {
            add_gap((position - next) as usize, &mut fixed);
            fixed.literal_length[usize::from(data[position as usize])] += 1;
            next = position + 1;
        }
        add_gap(data.len() - next as usize, &mut fixed);
        Gaps { short, fixed }
    }

    fn symbol_counts(&self, gaps: &Gaps) -> SymbolCounts {
        let mut counts = gaps.fixed.clone();
        let prevailing = usize::from(self.prevailing);
        for (length, &count) in gaps.short.iter().enumerate() {
            if self.matched[length] {
                counts.literal_length[prevailing] += count;
                counts.add_matches(length - 1, 1, count);
            } else {
                counts.literal_length[prevailing] += length as u32 * count;
            }
        }
        counts
    }

    /// Decides which gaps are coded with a match, by the lengths of the first codes.
    fn choose_matched(&mut self, code: &BlockCode) {
        let literal = code.literal_bits(usize::from(self.prevailing));
        for length in MIN_MATCHED_GAP..SHORT_GAPS {
            let symbol = length_symbol(length - 1);
            let length_bits = code.literal_bits(FIRST_LENGTH + symbol);
            let match_bits =
                length_bits + u32::from(LENGTH_EXTRA_BITS[symbol]) + code.distance_bits(1);
            self.matched[length] = length >= ALWAYS_MATCHED_GAP
                || length_bits > 0 && literal + match_bits <= length as u32 * literal;
        }
    }

    fn fill_gap_codes(&mut self, gaps: &Gaps, code: &BlockCode) {
        let literal = code.literal(usize::from(self.prevailing));
        let (literal_bits, literal_count) = (u64::from(literal >> 8), literal & 0xff);
        for length in 0..SHORT_GAPS {
            if gaps.short[length] == 0 {
                self.gap_codes[length] = TOO_LONG;
                continue;
            }
            let (mut bits, mut count) = (0, 0);
            if self.matched[length] {
                let match_length = code.length(length - 1);
                let (distance, distance_count) = code.distance(1);
                bits = literal_bits | (u64::from(match_length >> 8) << literal_count);
                count = literal_count + (match_length & 0xff);
                bits |= distance << count;
                count += distance_count;
            } else if length as u32 * literal_count > MAX_ENTRY_BITS {
                self.gap_codes[length] = TOO_LONG;
                continue;
            } else {
                for _ in 0..length {
                    bits |= literal_bits << count;
                    count += literal_count;
                }
            }
            self.gap_codes[length] = (bits << 8) | u64::from(count);
        }
    }

    /// Writes the block that was planned for `data`.
    pub fn write(
        &self,
        instructions: InstructionSet,
        data: &[u8],
        code: &BlockCode,
        is_last: bool,
        writer: &mut BitWriter,
    ) {
        code.write_header(is_last, writer);
        write_gaps(instructions, self, data, code, writer);
        code.write_end(writer);
    }
}

fn write_gaps(
    instructions: InstructionSet,
    block: &SparseBlock,
    data: &[u8],
    code: &BlockCode,
    writer: &mut BitWriter<'_>,
) {
    compiled_for!(
        instructions,
        write_gaps_and_others,
        (block: &SparseBlock, data: &[u8], code: &BlockCode, writer: &mut BitWriter<'_>)
    )
}

#[inline(always)]
fn write_gaps_and_others(
    block: &SparseBlock,
    data: &[u8],
    code: &BlockCode,
    writer: &mut BitWriter<'_>,
) {
    let literals = code.packed_literals();
    let mut local = std::mem::take(writer);
    let mut next = 0u32;
    for &position in block.others() {
        put_gap(
            block,
            position.wrapping_sub(next) as usize,
            code,
            &mut local,
        );
        let literal = literals[usize::from(data[position as usize])];
        local.put(u64::from(literal >> 8), literal & 0xff);
        local.flush();
        next = position.wrapping_add(1);
    }
    put_gap(block, data.len() - next as usize, code, &mut local);
    local.flush();
    *writer = local;
}

#[inline(always)]
fn put_gap(block: &SparseBlock, length: usize, code: &BlockCode, writer: &mut BitWriter) {
    match block.gap_codes.get(length) {
        Some(&entry) if entry & 0xff != TOO_LONG => writer.put(entry >> 8, entry as u32 & 0xff),
        // By value, so that a local writer can stay in registers.
        _ => *writer = with_long_gap(block, length, code, std::mem::take(writer)),
    }
}

#[cold]
#[inline(never)]
fn with_long_gap<'a>(
    block: &SparseBlock,
    length: usize,
    code: &BlockCode,
    mut writer: BitWriter<'a>,
) -> BitWriter<'a> {
    let literal: PackedCode = code.literal(usize::from(block.prevailing));
    let matched = block.matched.get(length).is_none_or(|&matched| matched);
    let literals = if matched { 1 } else { length };
    for _ in 0..literals {
        writer.put(u64::from(literal >> 8), literal & 0xff);
        writer.flush();
    }
    if matched {
        cut_into_matches(length - 1, |length| put_match(length, 1, code, &mut writer));
    }
    writer
}

/// Writes the positions of all bytes but `prevailing` to the start of `positions`, which has room for
/// [`POSITIONS_AT_ONCE`] more, and returns their number.
fn find_others(
    instructions: InstructionSet,
    data: &[u8],
    prevailing: u8,
    positions: &mut [u32],
) -> usize {
    match instructions.kind() {
        Kind::Portable => find::<equal_bytes::Portable>(data, prevailing, positions),
        #[cfg(target_arch = "x86_64")]
        Kind::Sse2 | Kind::Avx2 => compiled_for!(
            instructions,
            find::<equal_bytes::Sse2>,
            (data: &[u8], prevailing: u8, positions: &mut [u32]) -> usize
        ),
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => find::<equal_bytes::Neon>(data, prevailing, positions),
    }
}

#[inline(always)]
fn find<E: EqualBytes>(data: &[u8], prevailing: u8, positions: &mut [u32]) -> usize {
    let pattern = [prevailing; 16];
    let mut found = 0;
    let mut start = 0u32;
    let mut blocks = data.chunks_exact(64);
    for block in blocks.by_ref() {
        let mut others = 0;
        for (part, bytes) in block.chunks_exact(16).enumerate() {
            let mut sixteen = [0; 16];
            sixteen.copy_from_slice(bytes);
            others |= u64::from(!E::equal(&sixteen, &pattern)) << (16 * part);
        }
        let count = others.count_ones() as usize;
        let mut written = 0;
        // Several at a time, because a branch for each one would often be mispredicted.
        while written < count {
            let Some(place) = positions
                .get_mut(found + written..)
                .and_then(|rest| rest.first_chunk_mut())
            else {
                return found;
            };
            let place: &mut [u32; POSITIONS_AT_ONCE] = place;
            for position in place {
                // After the last one this is 64, and is overwritten or ignored.
                *position = start.wrapping_add(others.trailing_zeros());
                others &= others.wrapping_sub(1);
            }
            written += POSITIONS_AT_ONCE;
        }
        found += count;
        start = start.wrapping_add(64);
    }
    for &byte in blocks.remainder() {
        positions[found] = start;
        found += usize::from(byte != prevailing);
        start += 1;
    }
    found
}
