//! The alphabets of deflate (RFC 1951, section 3.2.5): how lengths and distances become symbols.

/// The number of symbols for literals, the end of a block, and lengths.
pub(crate) const LITERAL_LENGTH_SYMBOLS: usize = 286;

/// The number of symbols for distances.
pub(crate) const DISTANCE_SYMBOLS: usize = 30;

/// The symbol that ends a block.
pub(crate) const END_OF_BLOCK: usize = 256;

/// The symbol of the shortest length.
pub(crate) const FIRST_LENGTH: usize = 257;

/// The symbol of [`MAX_MATCH`].
pub(crate) const LONGEST_LENGTH: usize = 285;

/// The length of the shortest match.
pub(crate) const MIN_MATCH: usize = 3;

/// The length of the longest match.
pub(crate) const MAX_MATCH: usize = 258;

/// The largest distance of a match.
pub(crate) const WINDOW: usize = 32_768;

/// The number of symbols for lengths.
pub(crate) const LENGTH_SYMBOLS: usize = 29;

/// The smallest length of each symbol for lengths.
pub(crate) const LENGTH_BASE: [u16; LENGTH_SYMBOLS] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];

/// The number of extra bits of each symbol for lengths.
pub(crate) const LENGTH_EXTRA_BITS: [u8; LENGTH_SYMBOLS] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];

const LENGTH_SYMBOL_OF: [u8; MAX_MATCH + 1] = {
    let mut symbols = [0; MAX_MATCH + 1];
    let mut symbol = 0;
    while symbol < LENGTH_SYMBOLS {
        let mut length = LENGTH_BASE[symbol] as usize;
        while length <= MAX_MATCH {
            symbols[length] = symbol as u8;
            length += 1;
        }
        symbol += 1;
    }
    symbols
};

/// Returns the symbol of the length of a match, counted from [`FIRST_LENGTH`].
#[inline(always)]
pub(crate) fn length_symbol(length: usize) -> usize {
    LENGTH_SYMBOL_OF[length] as usize
}

/// The symbol of a distance, and the bits that follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DistanceSymbol {
    pub symbol: usize,
    pub extra_bits: u32,
    pub extra: u32,
}

/// Returns the symbol of a distance of 1 to [`WINDOW`].
#[inline(always)]
pub(crate) fn distance_symbol(distance: u32) -> DistanceSymbol {
    let offset = distance.wrapping_sub(1);
    if offset < 4 {
        return DistanceSymbol {
            symbol: offset as usize,
            extra_bits: 0,
            extra: 0,
        };
    }
    let extra_bits = 30u32.wrapping_sub(offset.leading_zeros()) & 31;
    DistanceSymbol {
        symbol: (2 * extra_bits).wrapping_add(offset >> extra_bits) as usize,
        extra_bits,
        extra: offset & ((1 << extra_bits) - 1),
    }
}

/// Returns the number of extra bits of a symbol for distances.
pub(crate) fn distance_extra_bits(symbol: usize) -> u64 {
    (symbol as u64 / 2).saturating_sub(1)
}

/// Cuts `length` bytes into matches of 3 to 258 bytes, of which all but the last two have 258 bytes.
///
/// `length` is at least [`MIN_MATCH`].
#[inline(always)]
pub(crate) fn cut_into_matches(length: usize, mut visit: impl FnMut(usize)) {
    let mut left = length;
    while left > MAX_MATCH + 2 {
        visit(MAX_MATCH);
        left -= MAX_MATCH;
    }
    // A rest of one or two bytes would be no match.
    if left > MAX_MATCH {
        visit(MAX_MATCH - MIN_MATCH);
        left -= MAX_MATCH - MIN_MATCH;
    }
    if left > 0 {
        visit(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_symbols_are_those_of_the_standard() {
        assert_eq!(length_symbol(3), 0);
        assert_eq!(length_symbol(10), 7);
        assert_eq!(length_symbol(12), 8);
        assert_eq!(length_symbol(257), 27);
        assert_eq!(length_symbol(258), 28);
        let symbol = |distance| {
            let found = distance_symbol(distance);
            assert_eq!(
                u64::from(found.extra_bits),
                distance_extra_bits(found.symbol)
            );
            (found.symbol, found.extra_bits, found.extra)
        };
        assert_eq!(symbol(1), (0, 0, 0));
        assert_eq!(symbol(4), (3, 0, 0));
        assert_eq!(symbol(6), (4, 1, 1));
        assert_eq!(symbol(24_577), (29, 13, 0));
        assert_eq!(symbol(32_768), (29, 13, 8191));
    }

    #[test]
    fn every_length_is_cut_into_matches() {
        for length in MIN_MATCH..2000 {
            let mut sum = 0;
            cut_into_matches(length, |part| {
                assert!(
                    (MIN_MATCH..=MAX_MATCH).contains(&part),
                    "{part} of {length}"
                );
                sum += part;
            });
            assert_eq!(sum, length);
        }
    }
}
