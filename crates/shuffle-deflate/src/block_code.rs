//! The two codes of a block, and the header that describes them.

use crate::bit_writer::BitWriter;
use crate::code_lengths::{MAX_CODE_LENGTH, SymbolList, canonical_codes, limited_code_lengths};
use crate::symbols::{
    DISTANCE_SYMBOLS, END_OF_BLOCK, FIRST_LENGTH, LENGTH_EXTRA_BITS, LITERAL_LENGTH_SYMBOLS,
    distance_extra_bits, distance_symbol, length_symbol,
};

/// How often each symbol occurs in a block.
#[derive(Clone)]
pub(crate) struct SymbolCounts {
    pub literal_length: [u32; LITERAL_LENGTH_SYMBOLS],
    pub distance: [u32; DISTANCE_SYMBOLS],
}

impl SymbolCounts {
    /// Returns the counts of a block with these literals and nothing else.
    pub fn of_literals(literals: &[u32; 256]) -> SymbolCounts {
        let mut literal_length = [0; LITERAL_LENGTH_SYMBOLS];
        literal_length[..256].copy_from_slice(literals);
        literal_length[END_OF_BLOCK] = 1;
        SymbolCounts {
            literal_length,
            distance: [0; DISTANCE_SYMBOLS],
        }
    }

    /// Counts `count` matches.
    pub fn add_matches(&mut self, length: usize, distance: u32, count: u32) {
        self.add_lengths(length, count);
        self.distance[distance_symbol(distance).symbol] += count;
    }

    /// Counts the lengths of `count` matches.
    pub fn add_lengths(&mut self, length: usize, count: u32) {
        self.literal_length[FIRST_LENGTH + length_symbol(length)] += count;
    }

    /// Returns the number of bits that follow the codes of lengths and distances.
    fn extra_bits(&self) -> u64 {
        let mut bits = 0;
        for (&count, extra) in self.literal_length[FIRST_LENGTH..]
            .iter()
            .zip(LENGTH_EXTRA_BITS)
        {
            bits += u64::from(count) * u64::from(extra);
        }
        for (symbol, &count) in self.distance.iter().enumerate() {
            bits += u64::from(count) * distance_extra_bits(symbol);
        }
        bits
    }
}

/// The number of symbols for lengths of codes.
const LENGTH_CODE_SYMBOLS: usize = 19;

/// The symbols for lengths of codes in the order in which the lengths of their own codes are written.
const LENGTH_CODE_ORDER: [usize; LENGTH_CODE_SYMBOLS] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The number of bits of the longest code for a length of a code.
const MAX_LENGTH_CODE_LENGTH: usize = 7;

/// A number of bits, and these.
#[derive(Clone, Copy)]
struct Field {
    bits: u16,
    count: u8,
}

/// The largest number of fields of a header: three numbers, the lengths of 19 codes, and two fields for
/// each of 316 lengths.
const MAX_FIELDS: usize = 3 + LENGTH_CODE_SYMBOLS + 2 * (LITERAL_LENGTH_SYMBOLS + DISTANCE_SYMBOLS);

/// The codes of a block. The memory is used again for the next block.
///
/// Only dynamic codes are made. The fixed code of the standard is smaller only for very short blocks, and no
/// plane is that short.
pub(crate) struct BlockCode {
    /// The length of each code, zero if there is none.
    literal_lengths: [u8; LITERAL_LENGTH_SYMBOLS],
    literal_codes: [u16; LITERAL_LENGTH_SYMBOLS],
    distance_lengths: [u8; DISTANCE_SYMBOLS],
    distance_codes: [u16; DISTANCE_SYMBOLS],
    literal_symbols: SymbolList,
    distance_symbols: SymbolList,
    header: Vec<Field>,
}

/// A code as loops need it: the bits from the 8th bit on, and below them their number.
pub(crate) type PackedCode = u32;

impl BlockCode {
    pub fn new() -> BlockCode {
        BlockCode {
            literal_lengths: [0; LITERAL_LENGTH_SYMBOLS],
            literal_codes: [0; LITERAL_LENGTH_SYMBOLS],
            distance_lengths: [0; DISTANCE_SYMBOLS],
            distance_codes: [0; DISTANCE_SYMBOLS],
            literal_symbols: SymbolList::new(),
            distance_symbols: SymbolList::new(),
            header: Vec::with_capacity(MAX_FIELDS),
        }
    }

    /// Makes the codes for symbols that occur that often, and returns the number of bits of the block.
    pub fn build(&mut self, counts: &SymbolCounts) -> u64 {
        self.build_lengths(counts);
        self.build_header();
        canonical_codes(
            &self.literal_lengths,
            &self.literal_symbols,
            &mut self.literal_codes,
        );
        canonical_codes(
            &self.distance_lengths,
            &self.distance_symbols,
            &mut self.distance_codes,
        );
        let header = self.header.iter().fold(0u64, |bits, field| {
            bits.wrapping_add(u64::from(field.count))
        });
        3 + header + self.bits_of_symbols(counts)
    }

    /// Makes only the lengths of the codes, and returns the number of bits of the block without its header.
    pub fn build_lengths(&mut self, counts: &SymbolCounts) -> u64 {
        limited_code_lengths(
            &counts.literal_length,
            MAX_CODE_LENGTH,
            &mut self.literal_lengths,
            &mut self.literal_symbols,
        );
        limited_code_lengths(
            &counts.distance,
            MAX_CODE_LENGTH,
            &mut self.distance_lengths,
            &mut self.distance_symbols,
        );
        self.bits_of_symbols(counts)
    }

    fn bits_of_symbols(&self, counts: &SymbolCounts) -> u64 {
        // The sums cannot overflow, and without checks the compiler makes vectors of the loop.
        let bits = |counts: &[u32], lengths: &[u8]| -> u64 {
            counts
                .iter()
                .zip(lengths)
                .fold(0, |bits: u64, (&count, &length)| {
                    bits.wrapping_add(u64::from(count).wrapping_mul(u64::from(length)))
                })
        };
        bits(&counts.literal_length, &self.literal_lengths)
            + bits(&counts.distance, &self.distance_lengths)
            + counts.extra_bits()
    }

    /// Returns the literals that have a code, in ascending order.
    pub fn literals(&self) -> impl Iterator<Item = u8> + Clone {
        let symbols = self.literal_symbols.as_slice().iter();
        symbols
            .take_while(|&&symbol| symbol < 256)
            .map(|&symbol| symbol as u8)
    }

    /// Returns the number of bits of the code of a symbol for literals and lengths, zero if there is none.
    pub fn literal_bits(&self, symbol: usize) -> u32 {
        u32::from(self.literal_lengths[symbol])
    }

    /// Returns the number of bits of the code of a distance, without its extra bits.
    pub fn distance_bits(&self, distance: u32) -> u32 {
        u32::from(self.distance_lengths[distance_symbol(distance).symbol])
    }

    /// Returns the code of a symbol for literals and lengths.
    #[inline(always)]
    pub fn literal(&self, symbol: usize) -> PackedCode {
        (u32::from(self.literal_codes[symbol]) << 8) | u32::from(self.literal_lengths[symbol])
    }

    /// Returns the codes of all literals.
    pub fn packed_literals(&self) -> [PackedCode; 256] {
        let mut packed = [0; 256];
        for symbol in self.literals().map(usize::from) {
            packed[symbol] = self.literal(symbol);
        }
        packed
    }

    /// Returns the code of the length of a match, with its extra bits: at most 17 bits.
    #[inline(always)]
    pub fn length(&self, length: usize) -> PackedCode {
        let symbol = length_symbol(length);
        let code = self.literal(FIRST_LENGTH + symbol);
        let extra = length as u32 - u32::from(crate::symbols::LENGTH_BASE[symbol]);
        let bits = (code >> 8) | (extra << (code & 0xff));
        (bits << 8) | ((code & 0xff) + u32::from(LENGTH_EXTRA_BITS[symbol]))
    }

    /// Returns the code of a distance with its extra bits, and their number: at most 25 bits.
    #[inline(always)]
    pub fn distance(&self, distance: u32) -> (u64, u32) {
        let symbol = distance_symbol(distance);
        let code = u64::from(self.distance_codes[symbol.symbol & 31]);
        let length = u32::from(self.distance_lengths[symbol.symbol & 31]);
        (
            code | (u64::from(symbol.extra) << length),
            length.wrapping_add(symbol.extra_bits),
        )
    }

    /// Writes the header of the block.
    pub fn write_header(&self, is_last: bool, writer: &mut BitWriter) {
        const DYNAMIC: u64 = 2;
        writer.put(u64::from(is_last) | (DYNAMIC << 1), 3);
        for field in &self.header {
            writer.put(u64::from(field.bits), u32::from(field.count));
            writer.flush();
        }
    }

    /// Writes the symbol that ends the block.
    pub fn write_end(&self, writer: &mut BitWriter) {
        let code = self.literal(END_OF_BLOCK);
        writer.put(u64::from(code >> 8), code & 0xff);
        writer.flush();
    }

    /// Describes the lengths of the codes (RFC 1951, section 3.2.7).
    fn build_header(&mut self) {
        let count_to_last = |lengths: &[u8], least: usize| {
            let last = lengths.iter().rposition(|&length| length > 0);
            last.map_or(least, |last| (last + 1).max(least))
        };
        let literals = count_to_last(&self.literal_lengths, FIRST_LENGTH);
        let distances = count_to_last(&self.distance_lengths, 1);
        let mut lengths = [0; LITERAL_LENGTH_SYMBOLS + DISTANCE_SYMBOLS];
        lengths[..literals].copy_from_slice(&self.literal_lengths[..literals]);
        lengths[literals..literals + distances]
            .copy_from_slice(&self.distance_lengths[..distances]);

        let mut symbols = [Field { bits: 0, count: 0 }; LITERAL_LENGTH_SYMBOLS + DISTANCE_SYMBOLS];
        let mut symbol_count = 0;
        let mut counts = [0; LENGTH_CODE_SYMBOLS];
        group_runs(&lengths[..literals + distances], |symbol, extra| {
            symbols[symbol_count] = Field {
                bits: extra,
                count: symbol,
            };
            symbol_count += 1;
            counts[usize::from(symbol)] += 1;
        });
        let mut code_lengths = [0; LENGTH_CODE_SYMBOLS];
        let mut used = SymbolList::new();
        limited_code_lengths(
            &counts,
            MAX_LENGTH_CODE_LENGTH,
            &mut code_lengths,
            &mut used,
        );
        let mut codes = [0; LENGTH_CODE_SYMBOLS];
        canonical_codes(&code_lengths, &used, &mut codes);
        let ordered = LENGTH_CODE_ORDER.map(|symbol| code_lengths[symbol]);
        let ordered = &ordered[..count_to_last(&ordered, 4)];

        let field = |bits: usize, count| Field {
            bits: bits as u16,
            count,
        };
        self.header.clear();
        self.header.push(field(literals - FIRST_LENGTH, 5));
        self.header.push(field(distances - 1, 5));
        self.header.push(field(ordered.len() - 4, 4));
        self.header
            .extend(ordered.iter().map(|&length| field(usize::from(length), 3)));
        for symbol in &symbols[..symbol_count] {
            let (symbol, extra) = (usize::from(symbol.count), symbol.bits);
            self.header.push(Field {
                bits: codes[symbol],
                count: code_lengths[symbol],
            });
            let extra_bits = match symbol {
                16 => 2,
                17 => 3,
                18 => 7,
                _ => continue,
            };
            self.header.push(Field {
                bits: extra,
                count: extra_bits,
            });
        }
    }
}

/// Calls `visit` with each symbol for the lengths of codes, and the value of its extra bits: 0 to 15 are
/// these lengths, 16 repeats the last one 3 to 6 times, 17 and 18 are 3 to 10 and 11 to 138 zeros.
fn group_runs(lengths: &[u8], mut visit: impl FnMut(u8, u16)) {
    for run in lengths.chunk_by(|a, b| a == b) {
        let value = run[0];
        let mut left = run.len();
        if value == 0 {
            while left >= 11 {
                let zeros = left.min(138);
                visit(18, zeros as u16 - 11);
                left -= zeros;
            }
            if left >= 3 {
                visit(17, left as u16 - 3);
                left = 0;
            }
        } else {
            visit(value, 0);
            left -= 1;
            while left >= 3 {
                let repeats = left.min(6);
                visit(16, repeats as u16 - 3);
                left -= repeats;
            }
        }
        for _ in 0..left {
            visit(value, 0);
        }
    }
}
