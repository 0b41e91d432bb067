//! Blocks without matches: stored bytes, and bytes by a Huffman code.

use crate::bit_writer::BitWriter;
use crate::block_code::{BlockCode, PackedCode};
use crate::instruction_set::{InstructionSet, compiled_for};

/// The largest number of bytes of a stored block.
const MAX_STORED: usize = u16::MAX as usize;

/// Writes `data` without compression, in as many blocks as it takes.
pub(crate) fn write_stored(data: &[u8], is_last: bool, writer: &mut BitWriter) {
    let mut blocks = data.chunks(MAX_STORED).peekable();
    while let Some(block) = blocks.next() {
        let is_last = is_last && blocks.peek().is_none();
        let length = block.len() as u16;
        writer.put(u64::from(is_last), 3);
        writer.align();
        writer.put_bytes(&length.to_le_bytes());
        writer.put_bytes(&(!length).to_le_bytes());
        writer.put_bytes(block);
    }
}

/// Returns about the number of bits that [`write_stored`] writes.
pub(crate) fn stored_bits(length: usize) -> u64 {
    8 * length as u64 + 40 * length.div_ceil(MAX_STORED) as u64
}

/// The codes of all pairs of literals that occur in a block. The memory is used again for the next block.
pub(crate) struct PairTable {
    codes: Box<[PackedCode]>,
}

/// The number of pairs of bytes.
const PAIRS: usize = 1 << 16;

impl PairTable {
    pub fn new() -> PairTable {
        PairTable {
            codes: vec![0; PAIRS].into(),
        }
    }

    /// Writes a block of the literals `data`, all of which have a code.
    pub fn write_block(
        &mut self,
        instructions: InstructionSet,
        data: &[u8],
        code: &BlockCode,
        is_last: bool,
        writer: &mut BitWriter,
    ) {
        code.write_header(is_last, writer);
        let single = code.packed_literals();
        let used = code.literals().count();
        // The table pays if more pairs are written than its entries are filled in.
        if 2 * used * used < data.len() {
            self.fill(code, &single);
            write_by_pairs(instructions, writer, data, &self.codes, &single);
        } else {
            write_one_by_one(instructions, writer, data, &single);
        }
        code.write_end(writer);
    }

    /// Fills in the pairs of literals that have codes. Others keep what they had for another block.
    fn fill(&mut self, code: &BlockCode, single: &[PackedCode; 256]) {
        for second in code.literals() {
            let (second_bits, second_count) = unpack(single[usize::from(second)]);
            let row = &mut self.codes[usize::from(second) << 8..][..256];
            for first in code.literals() {
                let (first_bits, first_count) = unpack(single[usize::from(first)]);
                let bits = first_bits | (second_bits << first_count);
                row[usize::from(first)] = (bits << 8) as u32 | (first_count + second_count);
            }
        }
    }
}

#[inline(always)]
fn unpack(code: PackedCode) -> (u64, u32) {
    (u64::from(code >> 8), code & 0xff)
}

fn write_by_pairs(
    instructions: InstructionSet,
    writer: &mut BitWriter<'_>,
    data: &[u8],
    pairs: &[PackedCode],
    single: &[PackedCode; 256],
) {
    compiled_for!(
        instructions,
        write_pairs,
        (
            writer: &mut BitWriter<'_>,
            data: &[u8],
            pairs: &[PackedCode],
            single: &[PackedCode; 256],
        )
    )
}

#[inline(always)]
fn write_pairs(
    writer: &mut BitWriter<'_>,
    data: &[u8],
    pairs: &[PackedCode],
    single: &[PackedCode; 256],
) {
    let Ok(pairs) = <&[PackedCode; PAIRS]>::try_from(pairs) else {
        return write_singles(writer, data, single);
    };
    // A local writer stays in registers.
    let mut local = std::mem::take(writer);
    let mut words = data.chunks_exact(8);
    for word in words.by_ref() {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(word);
        let word = u64::from_le_bytes(bytes);
        let pair = |shift: u32| u64::from(pairs[(word >> shift) as usize & 0xffff]);
        let (first, second, third, fourth) = (pair(0), pair(16), pair(32), pair(48));
        // Four literals have at most 48 bits.
        for (low, high) in [(first, second), (third, fourth)] {
            let bits = (low >> 8) | ((high >> 8) << (low & 63));
            local.put(bits, (low.wrapping_add(high) & 63) as u32);
            local.flush();
        }
    }
    write_singles(&mut local, words.remainder(), single);
    *writer = local;
}

fn write_one_by_one(
    instructions: InstructionSet,
    writer: &mut BitWriter<'_>,
    data: &[u8],
    single: &[PackedCode; 256],
) {
    compiled_for!(
        instructions,
        write_singles,
        (writer: &mut BitWriter<'_>, data: &[u8], single: &[PackedCode; 256])
    )
}

/// Writes the codes of literals.
#[inline(always)]
pub(crate) fn write_singles(writer: &mut BitWriter<'_>, data: &[u8], single: &[PackedCode; 256]) {
    let mut local = std::mem::take(writer);
    let mut groups = data.chunks_exact(4);
    for group in groups.by_ref() {
        // Four literals have at most 48 bits.
        for &byte in group {
            let (bits, count) = unpack(single[usize::from(byte)]);
            local.put(bits, count);
        }
        local.flush();
    }
    for &byte in groups.remainder() {
        let (bits, count) = unpack(single[usize::from(byte)]);
        local.put(bits, count);
    }
    local.flush();
    *writer = local;
}
