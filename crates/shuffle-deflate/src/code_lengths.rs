//! The lengths of the codes of a Huffman code, with a limit.

/// The length in bits of the longest code for literals, lengths and distances.
///
/// The standard allows 15. With 12, the codes of four literals fit into one store of 64 bits, and the
/// codes of all pairs of literals into a table of 24 bits each. Compared with 15, planes with a few very rare bytes
/// become up to 0.7 % larger, and most do not become larger.
pub(crate) const MAX_CODE_LENGTH: usize = 12;

/// The size of the largest alphabet.
const MAX_SYMBOLS: usize = 288;

/// The number of nodes of the tree of the largest alphabet.
const MAX_NODES: usize = 2 * MAX_SYMBOLS;

/// Ascending symbols of an alphabet.
pub(crate) struct SymbolList {
    length: usize,
    symbols: [u16; MAX_SYMBOLS],
}

impl SymbolList {
    pub const fn new() -> SymbolList {
        SymbolList {
            length: 0,
            symbols: [0; MAX_SYMBOLS],
        }
    }

    pub fn as_slice(&self) -> &[u16] {
        &self.symbols[..self.length]
    }
}

/// Fills in the length of the code of each symbol that occurs, at most `limit` bits, and zero for the
/// others. Returns the list of those that have a code in `used`.
///
/// The code is complete, as some decoders refuse others: if fewer than two symbols occur, two symbols get
/// one bit each.
///
/// The limit is kept by a heuristic: codes that are too long are cut, and others made longer until the code is
/// valid. The best code with that limit would take several times as long.
pub(crate) fn limited_code_lengths(
    counts: &[u32],
    limit: usize,
    lengths: &mut [u8],
    used: &mut SymbolList,
) {
    lengths.fill(0);
    let mut length = 0;
    for (symbol, &count) in counts.iter().enumerate() {
        used.symbols[length] = symbol as u16;
        length += usize::from(count != 0);
    }
    used.length = length;
    if length < 2 {
        let only = if length == 1 { used.symbols[0] } else { 0 };
        let other = only.max(1);
        used.length = 2;
        used.symbols[0] = 0;
        used.symbols[1] = other;
        lengths[0] = 1;
        lengths[usize::from(other)] = 1;
        return;
    }

    // The rarest symbols first, equal ones by their number.
    let mut sorted = [0u64; MAX_SYMBOLS];
    let sorted = &mut sorted[..length];
    for (key, &symbol) in sorted.iter_mut().zip(used.as_slice()) {
        *key = (u64::from(counts[usize::from(symbol)]) << 16) | u64::from(symbol);
    }
    sorted.sort_unstable();

    let mut per_length = codes_per_length(sorted, limit);
    keep_limit(&mut per_length, limit);
    let mut rarest_first = sorted.iter();
    for length in (1..=limit).rev() {
        for key in rarest_first.by_ref().take(per_length[length] as usize) {
            lengths[(key & 0xffff) as usize] = length as u8;
        }
    }
}

/// Builds Huffman's tree of `sorted` symbols, with counts in the bits from the 16th on, and returns how
/// many codes have each length. Those that are longer than `limit` are counted as if they had that length.
fn codes_per_length(sorted: &[u64], limit: usize) -> [i64; 16] {
    let leaves = sorted.len();
    let root = 2 * leaves - 2;
    // The leaves, sorted, and then the inner nodes in the order in which they are made, which is sorted, too.
    let mut weight = [0u64; MAX_NODES];
    let mut parent = [0u16; MAX_NODES];
    for (weight, key) in weight.iter_mut().zip(sorted) {
        *weight = key >> 16;
    }
    let (mut leaf, mut inner) = (0, leaves);
    for node in leaves..=root {
        let mut sum = 0;
        for _ in 0..2 {
            let lightest = if leaf < leaves && (inner >= node || weight[leaf] <= weight[inner]) {
                leaf += 1;
                leaf - 1
            } else {
                inner += 1;
                inner - 1
            };
            sum += weight[lightest];
            parent[lightest] = node as u16;
        }
        weight[node] = sum;
    }
    let mut depth = [0u16; MAX_NODES];
    let mut per_length = [0i64; 16];
    for node in (0..root).rev() {
        depth[node] = depth[usize::from(parent[node])] + 1;
        if node < leaves {
            per_length[usize::from(depth[node]).min(limit)] += 1;
        }
    }
    per_length
}

/// Makes a code valid and complete of which codes have been cut to the length `limit`.
///
/// In units of the share of a code of length `limit`, the shares of all codes have to sum to `2^limit`.
fn keep_limit(per_length: &mut [i64; 16], limit: usize) {
    let complete = 1i64 << limit;
    let mut sum: i64 = (1..=limit)
        .map(|length| per_length[length] << (limit - length))
        .sum();
    while sum > complete {
        // The longest code that can become longer costs least.
        let Some(length) = (1..limit).rev().find(|&length| per_length[length] > 0) else {
            return;
        };
        per_length[length] -= 1;
        per_length[length + 1] += 1;
        sum -= 1 << (limit - length - 1);
    }
    while sum < complete {
        let shortened = (1..limit).find(|&length| {
            per_length[length + 1] > 0 && 1 << (limit - length - 1) <= complete - sum
        });
        let Some(length) = shortened else {
            return;
        };
        per_length[length + 1] -= 1;
        per_length[length] += 1;
        sum += 1 << (limit - length - 1);
    }
}

/// All values of [`MAX_CODE_LENGTH`] bits with their bits reversed.
const REVERSED: [u16; 1 << MAX_CODE_LENGTH] = {
    let mut reversed = [0; 1 << MAX_CODE_LENGTH];
    let mut value = 0;
    while value < reversed.len() {
        reversed[value] = (value as u16).reverse_bits() >> (16 - MAX_CODE_LENGTH);
        value += 1;
    }
    reversed
};

/// Fills in the codes of the symbols `used`, which follow from their lengths (RFC 1951, section 3.2.2).
///
/// The bits are reversed, because the first bit of a code is its highest one, and the first bit of a
/// stream is the lowest.
pub(crate) fn canonical_codes(lengths: &[u8], used: &SymbolList, codes: &mut [u16]) {
    let mut per_length = [0u16; 16];
    for &symbol in used.as_slice() {
        per_length[usize::from(lengths[usize::from(symbol)] & 15)] += 1;
    }
    let mut next = [0u16; 16];
    for length in 1..MAX_CODE_LENGTH {
        next[length + 1] = (next[length] + per_length[length]) << 1;
    }
    for &symbol in used.as_slice() {
        let length = usize::from(lengths[usize::from(symbol)] & 15);
        let code = usize::from(next[length]) & (REVERSED.len() - 1);
        codes[usize::from(symbol)] = REVERSED[code] >> (MAX_CODE_LENGTH - length);
        next[length] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths_of(counts: &[u32], limit: usize) -> Vec<u8> {
        let mut lengths = vec![0; counts.len()];
        limited_code_lengths(counts, limit, &mut lengths, &mut SymbolList::new());
        lengths
    }

    #[test]
    fn codes_are_complete_and_not_too_long() {
        let mut random = fastrand::Rng::with_seed(1);
        for round in 0..3000 {
            let symbols = random.usize(2..=286);
            let skew = random.u32(1..31);
            let mut counts: Vec<u32> = (0..symbols)
                .map(|_| {
                    random
                        .u32(..)
                        .checked_shr(random.u32(32 - skew..34))
                        .unwrap_or(0)
                })
                .collect();
            counts[random.usize(..symbols)] = u32::MAX >> random.u32(..31);
            let limit = if symbols <= 19 { 7 } else { 12 };
            let lengths = lengths_of(&counts, limit);
            let sum: u32 = lengths
                .iter()
                .filter(|&&length| length > 0)
                .map(|&length| 1 << (limit - usize::from(length)))
                .sum();
            assert_eq!(sum, 1 << limit, "round {round}: {counts:?}");
            for (count, length) in counts.iter().zip(&lengths) {
                assert!(*count == 0 || *length > 0, "round {round}");
            }
        }
    }

    #[test]
    fn frequent_symbols_have_short_codes() {
        assert_eq!(lengths_of(&[8, 4, 2, 1, 1], 12), [1, 2, 3, 4, 4]);
        assert_eq!(lengths_of(&[0, 0, 5], 12), [1, 0, 1]);
        assert_eq!(lengths_of(&[0, 0, 0], 12), [1, 1, 0]);
        // Fibonacci's numbers make the longest codes.
        let mut counts = vec![1, 1];
        for n in 2..19 {
            counts.push(counts[n - 1] + counts[n - 2]);
        }
        assert!(lengths_of(&counts, 7).iter().all(|&length| length <= 7));
    }

    #[test]
    fn codes_are_those_of_the_example_of_the_standard() {
        let lengths = [3, 3, 3, 3, 3, 2, 4, 4];
        let mut used = SymbolList::new();
        used.length = 8;
        for (symbol, place) in used.symbols[..8].iter_mut().enumerate() {
            *place = symbol as u16;
        }
        let mut codes = [0; 8];
        canonical_codes(&lengths, &used, &mut codes);
        assert_eq!(
            codes,
            [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111]
        );
    }
}
