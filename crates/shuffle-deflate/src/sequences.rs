//! Blocks of literals and matches, as the match finders make them.

use crate::bit_writer::BitWriter;
use crate::block_code::{BlockCode, PackedCode, SymbolCounts};
use crate::byte_counts::ByteCounts;
use crate::instruction_set::{InstructionSet, compiled_for};
use crate::symbols::{DISTANCE_SYMBOLS, MAX_MATCH, MIN_MATCH, distance_symbol};

/// Literals, and the match that follows them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sequence {
    /// The number of literals.
    pub literals: u32,
    /// The length of the match, or 0 if there is none, which ends a block.
    pub length: u16,
    /// One less than the distance of the match.
    pub distance_less_1: u16,
}

impl Sequence {
    /// Returns literals without a match.
    pub fn literals(count: usize) -> Sequence {
        Sequence {
            literals: count as u32,
            length: 0,
            distance_less_1: 0,
        }
    }

    #[inline(always)]
    fn distance(self) -> u32 {
        u32::from(self.distance_less_1) + 1
    }
}

/// Counts the symbols of `sequences`, which describe the start of `data`, and the end of the block.
pub(crate) fn count_symbols(
    instructions: InstructionSet,
    sequences: &[Sequence],
    data: &[u8],
) -> SymbolCounts {
    compiled_for!(instructions, count, (sequences: &[Sequence], data: &[u8]) -> SymbolCounts)
}

#[inline(always)]
fn count(sequences: &[Sequence], data: &[u8]) -> SymbolCounts {
    // Two tables are used in turn, because adding to a count has to wait for the last addition to it.
    let mut even = [0u32; 256];
    let mut odd = [0u32; 256];
    let mut lengths = [0u32; MAX_MATCH + 1];
    let mut distances = [0u32; 32];
    let mut rest = data;
    for sequence in sequences {
        let (literals, after) = rest.split_at(sequence.literals as usize);
        let mut pairs = literals.chunks_exact(2);
        for pair in pairs.by_ref() {
            even[usize::from(pair[0])] = even[usize::from(pair[0])].wrapping_add(1);
            odd[usize::from(pair[1])] = odd[usize::from(pair[1])].wrapping_add(1);
        }
        for &byte in pairs.remainder() {
            even[usize::from(byte)] = even[usize::from(byte)].wrapping_add(1);
        }
        rest = &after[usize::from(sequence.length)..];
        let length = &mut lengths[usize::from(sequence.length)];
        *length = length.wrapping_add(1);
        if sequence.length > 0 {
            let distance = &mut distances[distance_symbol(sequence.distance()).symbol & 31];
            *distance = distance.wrapping_add(1);
        }
    }
    for (count, other) in even.iter_mut().zip(&odd) {
        *count = count.wrapping_add(*other);
    }
    let mut counts = SymbolCounts::of_literals(&even);
    for (length, &count) in lengths.iter().enumerate().skip(MIN_MATCH) {
        counts.add_lengths(length, count);
    }
    counts
        .distance
        .copy_from_slice(&distances[..DISTANCE_SYMBOLS]);
    counts
}

/// Counts the symbols like [`count_symbols`], if `totals` says how often each byte occurs in `data`: it is faster to
/// leave out what matches cover, if that is less than the rest.
pub(crate) fn count_symbols_of(
    instructions: InstructionSet,
    totals: &ByteCounts,
    sequences: &[Sequence],
    data: &[u8],
) -> SymbolCounts {
    compiled_for!(
        instructions,
        count_from_totals,
        (totals: &ByteCounts, sequences: &[Sequence], data: &[u8]) -> SymbolCounts
    )
}

#[inline(always)]
fn count_from_totals(totals: &ByteCounts, sequences: &[Sequence], data: &[u8]) -> SymbolCounts {
    let mut literals = totals.counts;
    let mut counts = SymbolCounts::of_literals(&[0; 256]);
    let mut rest = data;
    for sequence in sequences {
        let length = usize::from(sequence.length);
        let (matched, after) = rest[sequence.literals as usize..].split_at(length);
        rest = after;
        if length == 0 {
            continue;
        }
        counts.add_matches(length, sequence.distance(), 1);
        if sequence.distance_less_1 == 0 {
            let literal = &mut literals[usize::from(matched[0])];
            *literal = literal.wrapping_sub(length as u32);
            continue;
        }
        for &byte in matched {
            let literal = &mut literals[usize::from(byte)];
            *literal = literal.wrapping_sub(1);
        }
    }
    counts.literal_length[..256].copy_from_slice(&literals);
    counts
}

/// Writes a block of `sequences`, which describe the start of `data`.
pub(crate) fn write_block(
    instructions: InstructionSet,
    sequences: &[Sequence],
    data: &[u8],
    code: &BlockCode,
    is_last: bool,
    writer: &mut BitWriter,
) {
    code.write_header(is_last, writer);
    write_sequences(instructions, sequences, data, code, writer);
    code.write_end(writer);
}

fn write_sequences(
    instructions: InstructionSet,
    sequences: &[Sequence],
    data: &[u8],
    code: &BlockCode,
    writer: &mut BitWriter<'_>,
) {
    compiled_for!(
        instructions,
        write,
        (sequences: &[Sequence], data: &[u8], code: &BlockCode, writer: &mut BitWriter<'_>)
    )
}

#[inline(always)]
fn write(sequences: &[Sequence], data: &[u8], code: &BlockCode, writer: &mut BitWriter<'_>) {
    let literal_codes = code.packed_literals();
    let mut length_codes = [0; MAX_MATCH + 1];
    for (length, packed) in length_codes.iter_mut().enumerate().skip(MIN_MATCH) {
        *packed = code.length(length);
    }
    let mut local = std::mem::take(writer);
    let mut rest = data;
    for sequence in sequences {
        let literals = sequence.literals as usize;
        put_literals(&mut local, rest, literals, &literal_codes);
        if sequence.length > 0 {
            let length = length_codes[usize::from(sequence.length)];
            local.put(u64::from(length >> 8), length & 0xff);
            let (bits, count) = code.distance(sequence.distance());
            local.put(bits, count);
            local.flush();
        }
        rest = &rest[literals.wrapping_add(usize::from(sequence.length))..];
    }
    *writer = local;
}

/// Writes the first `count` bytes of `data` as literals.
///
/// Four codes are always looked up, and as many bits of them are used as needed: a branch for each literal
/// would often be mispredicted.
#[inline(always)]
fn put_literals(writer: &mut BitWriter, data: &[u8], count: usize, codes: &[PackedCode; 256]) {
    let mut data = data;
    let mut left = count;
    while let Some((group, rest)) = data.split_first_chunk::<4>() {
        let code = |index: usize| u64::from(codes[usize::from(group[index])]);
        let (first, second, third, fourth) = (code(0), code(1), code(2), code(3));
        let low = (first >> 8) | ((second >> 8) << (first & 63));
        let high = (third >> 8) | ((fourth >> 8) << (third & 63));
        let low_count = first.wrapping_add(second) & 63;
        let bits = low | (high << low_count);
        if left < 4 {
            let counts = [0, first & 63, low_count, low_count.wrapping_add(third) & 63];
            let count = counts[left];
            writer.put(bits & ((1 << count) - 1), count as u32);
            writer.flush();
            return;
        }
        let count = low_count.wrapping_add(third).wrapping_add(fourth) & 63;
        writer.put(bits, count as u32);
        writer.flush();
        data = rest;
        left -= 4;
    }
    for &byte in &data[..left] {
        let code = codes[usize::from(byte)];
        writer.put(u64::from(code >> 8), code & 0xff);
    }
    writer.flush();
}
