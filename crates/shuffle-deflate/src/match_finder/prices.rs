//! What literals and matches cost: a match pays if its bytes cost more as literals.

use super::Search;
use crate::byte_counts::{ByteCounts, log2};

/// The number of classes of distances with the same price: 1, and then by their logarithm.
const DISTANCE_CLASSES: usize = 17;

/// All prices are in units of that many parts of a bit.
const UNITS_PER_BIT: f32 = 16.0;

/// The largest price of a literal in bits.
const MAX_LITERAL_BITS: f32 = 12.0;

/// The prices of a block.
#[derive(Clone)]
pub(crate) struct Prices {
    literals: [u8; 256],
    /// The price of a match by the class of its distance.
    matches: [u16; DISTANCE_CLASSES],
    /// The number of bytes of which a match at a middling distance consists, if it just pays.
    typical_length: usize,
}

impl Prices {
    /// Returns the prices of bytes that occur that often, for a search.
    ///
    /// If a match at any distance replaces many of the same byte, these would otherwise be runs, and cost less than a
    /// bit each.
    pub fn for_search(counts: &ByteCounts, search: Search) -> Prices {
        let cheapest = match search {
            Search::Quick | Search::Thorough => 0.0,
            Search::Near | Search::Runs => 1.0,
        };
        let total = log2(counts.total.max(1) as f32);
        let literals = counts.counts.map(|count| {
            let bits = total - log2(count.max(1) as f32);
            (UNITS_PER_BIT * bits.clamp(cheapest, MAX_LITERAL_BITS)).max(1.0) as u8
        });
        // About the bits of the code of the length and of the distance.
        let matches = std::array::from_fn(|class| {
            let bits = if class == 0 { 6.0 } else { 6.0 + class as f32 };
            (UNITS_PER_BIT * bits) as u16
        });
        let spent = counts.counts.iter().zip(literals);
        let spent = spent.fold(0, |sum: u64, (&count, price)| {
            sum + u64::from(count) * u64::from(price)
        });
        let price = u64::from(matches[class_of(256)]) * u64::from(counts.total.max(1));
        Prices {
            literals,
            matches,
            typical_length: price.div_ceil(spent.max(1)) as usize,
        }
    }

    /// Returns the number of bytes of which a search makes a hash value: as many as a match at a middling distance has,
    /// if it just pays.
    pub fn hashed_length(&self) -> usize {
        self.typical_length.clamp(4, 8)
    }

    /// Returns the price of a match at a distance.
    #[inline(always)]
    pub fn of_match(&self, distance: usize) -> u32 {
        u32::from(self.matches[class_of(distance)])
    }

    /// Returns `true` if a match of these bytes at a distance costs less than the bytes.
    #[inline(always)]
    pub fn pays(&self, bytes: &[u8], distance: usize) -> bool {
        let price = self.of_match(distance);
        if distance == 1 && bytes.len() as u32 * UNITS_PER_BIT as u32 > price {
            // The code of a literal has at least one bit.
            return true;
        }
        let mut literals = 0u32;
        for &byte in bytes {
            literals = literals.wrapping_add(u32::from(self.literals[usize::from(byte)]));
            if literals > price {
                return true;
            }
        }
        false
    }
}

#[inline(always)]
fn class_of(distance: usize) -> usize {
    let class = if distance == 1 {
        0
    } else {
        (usize::BITS - distance.leading_zeros()) as usize
    };
    class.min(DISTANCE_CLASSES - 1)
}
