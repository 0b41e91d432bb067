//! Blocks that repeat what was written before, at one distance: constant planes, and planes that are equal
//! to the one before.

use crate::bit_writer::BitWriter;
use crate::block_code::{BlockCode, SymbolCounts};
use crate::symbols::{
    END_OF_BLOCK, LITERAL_LENGTH_SYMBOLS, LONGEST_LENGTH, MAX_MATCH, MIN_MATCH, cut_into_matches,
};

/// Writes a block of `length` times `byte`, at least 4.
pub(crate) fn write_constant(
    byte: u8,
    length: u64,
    code: &mut BlockCode,
    is_last: bool,
    writer: &mut BitWriter,
) {
    write_block(Some(byte), length - 1, 1, code, is_last, writer);
}

/// Writes a block of the last `distance` bytes, again and again, `length` bytes in all, at least 3.
pub(crate) fn write_copy(
    distance: u32,
    length: u64,
    code: &mut BlockCode,
    is_last: bool,
    writer: &mut BitWriter,
) {
    write_block(None, length, distance, code, is_last, writer);
}

/// Writes a block of perhaps one literal, and of matches.
///
/// The two most frequent symbols, the longest length and the only distance, have codes of one zero bit
/// each. So most of the block is zeros, which are not written one by one.
fn write_block(
    literal: Option<u8>,
    length: u64,
    distance: u32,
    code: &mut BlockCode,
    is_last: bool,
    writer: &mut BitWriter,
) {
    let longest = MAX_MATCH as u64;
    // At least one match is left, so that the rest is never too short for a match.
    let full = (length - MIN_MATCH as u64) / longest;
    let rest = (length - full * longest) as usize;
    let mut counts = SymbolCounts {
        literal_length: [0; LITERAL_LENGTH_SYMBOLS],
        ..SymbolCounts::of_literals(&[0; 256])
    };
    counts.literal_length[END_OF_BLOCK] = 1;
    if let Some(byte) = literal {
        counts.literal_length[usize::from(byte)] = 1;
    }
    counts.add_matches(MAX_MATCH, distance, full as u32);
    cut_into_matches(rest, |length| counts.add_matches(length, distance, 1));
    code.build(&counts);

    code.write_header(is_last, writer);
    if let Some(byte) = literal {
        let symbol = code.literal(usize::from(byte));
        writer.put(u64::from(symbol >> 8), symbol & 0xff);
        writer.flush();
    }
    let longest = code.literal(LONGEST_LENGTH);
    let (distance_bits, distance_count) = code.distance(distance);
    if longest >> 8 == 0 && distance_bits == 0 {
        writer.put_zeros(full * u64::from((longest & 0xff) + distance_count));
    } else {
        for _ in 0..full {
            put_match(MAX_MATCH, distance, code, writer);
        }
    }
    cut_into_matches(rest, |length| put_match(length, distance, code, writer));
    code.write_end(writer);
}

/// Writes one match.
#[inline(always)]
pub(crate) fn put_match(length: usize, distance: u32, code: &BlockCode, writer: &mut BitWriter) {
    let length = code.length(length);
    writer.put(u64::from(length >> 8), length & 0xff);
    let (bits, count) = code.distance(distance);
    writer.put(bits, count);
    writer.flush();
}
