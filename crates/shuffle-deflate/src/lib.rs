//! Fast zlib streams for byte-shuffled numeric chunks, as HDF5, NetCDF-4 and Zarr store them.
//!
//! These formats compress arrays chunk by chunk, most often with the filters *shuffle* and *deflate*: the
//! bytes of the elements are ordered by their place in the element, and then compressed with zlib. This crate
//! does both at once, several times as fast as general-purpose encoders. Any zlib decoder reads the result.
//!
//! ```
//! use shuffle_deflate::{Encoder, bound};
//!
//! let chunk: Vec<u8> = (0..100_000u32).flat_map(|number| (number % 50).to_le_bytes()).collect();
//! let mut encoder = Encoder::new();
//! let mut target = vec![0; bound(chunk.len())];
//! let length = encoder.encode(&chunk, size_of::<u32>(), &mut target)?;
//! assert!(length < chunk.len() / 50);
//! # Ok::<(), shuffle_deflate::EncodeError>(())
//! ```
//!
//! [`Encoder::encode`] also takes chunks that are not to be shuffled (elements of one byte). [`shuffle()`] and
//! [`unshuffle()`] are the filter alone. [`bit_shuffle()`] and [`bit_unshuffle()`] order the bits instead, as the filter
//! *bitshuffle* does in each of its blocks. They are here because they are two shuffles of bytes and a transposition of
//! words, which need the same vectors and the same [`InstructionSet`].
//!
//! # Why it is fast
//!
//! A shuffled chunk is a sequence of *planes*: all first bytes of the elements, all second bytes, and so on.
//! The bytes of a plane have much in common, and most planes are of a few kinds: the upper bytes of small
//! counts are all zero, the lower bytes of measured floating-point numbers are noise, and in between are bytes
//! with clear frequencies but hardly any repetition. General-purpose encoders spend most of their time searching
//! these planes for repetitions. This crate looks at a sample of each plane first and searches only where there
//! is something to be found.
//!
//! | plane | how it is coded |
//! |---|---|
//! | one byte only | One literal, and matches of 258 bytes at distance 1. Their code is two zero bits, so that the block is made by filling memory with zeros. The plane is not even transposed. |
//! | equal to the plane before, at most 32 KiB | Matches of 258 bytes at that distance. |
//! | uniform, without repetitions | Stored blocks. |
//! | frequencies, without repetitions | Literals by a Huffman code, with a new code where the frequencies change. |
//! | one byte prevails | Its runs are literals and matches of distance 1, taken from a table by their length. |
//! | runs of the same byte | The same without a table, by comparing vectors. |
//! | few values that alternate, or counts with peaks | Literals, and matches at distances of up to 32, which are found by comparing vectors. |
//! | long repetitions: ramps, repeated rows | A greedy search with a hash table. |
//! | short repetitions in most planes, or a small chunk with any | The whole chunk is left to libdeflate. |
//!
//! # How it is decided
//!
//! 1. One pass over the chunk finds the planes that are constant; the others are transposed with vectors.
//! 2. Each segment of 128 KiB of a plane is divided where bytes that hardly change meet others. Each part is *probed*: the frequencies of 4 KiB, and the repetitions that a hash
//!    table of every 16th position finds at one place in each KiB. The probe says how many bits a literal needs,
//!    which share of them matches would save, and how long and how regular these matches are. Short matches seem to save
//!    more than they do.
//! 3. Libdeflate gets the whole chunk where it is better: chunks of at most 128 KiB with any repetitions (at level
//!    5), larger ones with mostly short or irregular repetitions (level 1), chunks with planes under 8 KiB, of
//!    which a sample says little, and elements of more than 32 bytes.
//! 4. Segments are then stored, searched for long matches, or counted in pieces of 16 KiB, or of 1 to 8 KiB if a test
//!    in the middle of the segment shows that frequencies change within a piece, as they do at the peaks of
//!    spectra. Pieces become one block as long as one code for both needs fewer bits than two codes.
//! 5. Where matches promise something in a counted segment, all searches are tried on two pieces of 8 KiB. The one with
//!    a hash table is used if it saves 3 % of the bits, the one for small distances if it saves 1 %. What a
//!    trial says holds for the next segments, too, until they promise more.
//! 6. Of a counted block, the bits of all candidates are known before anything is written, and the smallest one
//!    is written.
//! 7. If libdeflate may make a much smaller stream, as what was written for parts with matches says, it encodes the chunk,
//!    too (see [Size](#size)).
//!
//! All this is a pure function of the chunk: the same chunk always becomes the same stream.
//!
//! # Choices within the format
//!
//! - Codes have at most 12 bits, not 15. So four literals fit into one store of 64 bits, and the codes of all
//!   pairs of bytes into a table of 32 bits each, which halves the number of look-ups.
//! - Codes are always complete: where one distance occurs, two have a code, as some decoders refuse others.
//! - There are no blocks with the fixed code, which is smaller only for very short blocks.
//! - Long matches are cut so that no rest of one or two bytes remains, which could not be a match.
//! - The header of the stream says "fastest level" (`78 01`), except in streams of libdeflate. It means nothing
//!   to decoders.
//!
//! # Size
//!
//! Chunks of more than 128 KiB are usually 0 to 10 % smaller than with level 1 of libdeflate, and smaller ones
//! are about as large as with level 5 or smaller. The tests check that no kind of data becomes more than 3 %
//! larger than with level 1, and none of up to 128 KiB more than 1 % larger than with level 5.
//!
//! A chunk of 64 KiB or more should not become more than 10 % larger than with level 1, but for 0.2 % of the size of the
//! chunk and 16 bytes for each plane: a chunk that becomes very small anyway, such as 375 kB that take 1,309 bytes instead
//! of 756, is not worth the time of a second encoder. A sample cannot promise that. So the bytes that were written for
//! parts with matches are counted, and a share of them is what libdeflate may save: 10 to 90 %, by the kind of the
//! matches. If the stream would be too large in the worst case, libdeflate encodes the chunk, too, and the smaller stream
//! is the result. Where a sample shows no matches, or where they are regular and take few bytes, that is not needed:
//! of the kinds of data in the tests, as chunks of 1 MiB, none is encoded twice. The shares are measured, not proven; the
//! fuzzing checks the result.
//!
//! Level 5 is not always smaller than level 1: it ignores short matches if a chunk begins with few values. Chunks of 64 to
//! 128 KiB that do are compressed at both levels.
//!
//! # Safety
//!
//! All writes to the target, and all other memory accesses except for loads and stores of vectors, are checked.
//! `unsafe` is only in the modules with vectors, each load and store being of an array or a slice of the size of
//! the vector, and where code for a set of instructions is called: an [`InstructionSet`] exists only if the
//! processor has it.

mod adler;
mod bit_shuffle;
mod bit_writer;
mod block_code;
mod block_encoder;
mod byte_counts;
mod choice;
mod code_lengths;
mod comparison;
mod encoder;
mod equal_bytes;
mod error;
mod instruction_set;
mod libdeflate;
mod literals;
mod match_finder;
mod piece;
mod plane_encoder;
mod probe;
mod repeated;
mod section;
mod segment;
mod sequences;
mod shuffle;
mod sparse;
mod symbols;

pub use bit_shuffle::{bit_shuffle, bit_shuffle_with, bit_unshuffle, bit_unshuffle_with};
pub use encoder::{Encoder, bound};
pub use error::EncodeError;
pub use instruction_set::InstructionSet;
pub use shuffle::{shuffle, shuffle_with, unshuffle, unshuffle_with};

/// The example of the README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
