//! Divides a plane where the frequencies of its bytes change.

use crate::byte_counts::ByteCounts;
use crate::instruction_set::InstructionSet;

/// The number of bytes of the largest piece that is counted as a whole. Blocks end between pieces.
pub(crate) const MAX_PIECE: usize = 16 << 10;

/// The number of bytes of the smallest piece.
pub(crate) const MIN_PIECE: usize = 1 << 10;

/// By how much larger pieces may make the result larger, because each block takes time.
const LARGER_PIECES_COST: f32 = 1.07;

/// About the number of bits of the header of a block, and how many each used byte adds to it.
const HEADER_BITS: f32 = 120.0;
const HEADER_BITS_PER_BYTE: f32 = 4.0;

/// Statistics of a part of a plane.
pub(crate) struct Piece {
    pub counts: ByteCounts,
    /// The bits of a block of literals, with its header.
    pub bits: f32,
}

impl Piece {
    pub fn new(instructions: InstructionSet, data: &[u8]) -> Piece {
        Piece::of(instructions, ByteCounts::of(instructions, data))
    }

    fn of(instructions: InstructionSet, counts: ByteCounts) -> Piece {
        let header = HEADER_BITS + HEADER_BITS_PER_BYTE * counts.used() as f32;
        let bits = counts.bits(counts.entropy(instructions)) + header;
        Piece { counts, bits }
    }

    fn joined(&self, instructions: InstructionSet, next: &Piece) -> Piece {
        Piece::of(instructions, self.counts.joined(&next.counts))
    }

    /// Adds `next` if one block for both is not larger than two blocks. Returns `false` otherwise.
    pub fn join(&mut self, instructions: InstructionSet, next: &Piece) -> bool {
        let joined = self.joined(instructions, next);
        let is_better = joined.bits <= self.bits + next.bits;
        if is_better {
            *self = joined;
        }
        is_better
    }
}

/// Returns the length of the pieces into which a segment should be divided: the largest, unless smaller ones are
/// clearly better in the middle of the segment, as they are for the peaks of spectra.
pub(crate) fn piece_length(instructions: InstructionSet, segment: &[u8]) -> usize {
    const LENGTHS: usize = (MAX_PIECE / MIN_PIECE).ilog2() as usize + 1;
    if segment.len() < MAX_PIECE {
        return MAX_PIECE;
    }
    let middle = (segment.len() - MAX_PIECE) / 2;
    let mut pieces: Vec<Piece> = segment[middle..middle + MAX_PIECE]
        .chunks(MIN_PIECE)
        .map(|piece| Piece::new(instructions, piece))
        .collect();
    let mut bits = [0.0; LENGTHS];
    for bits in &mut bits {
        *bits = pieces.iter().map(|piece| piece.bits).sum();
        pieces = pieces
            .chunks_exact(2)
            .map(|pair| pair[0].joined(instructions, &pair[1]))
            .collect();
    }
    let least = bits.iter().copied().fold(f32::MAX, f32::min);
    let largest = bits
        .iter()
        .rposition(|&bits| bits <= LARGER_PIECES_COST * least);
    MIN_PIECE << largest.unwrap_or(0)
}
