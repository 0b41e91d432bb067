//! Encodes the points of a stream as chunks of an HDF5 dataset.
//!
//! A `Slab` collects successive points as the bytes that were published, without decoding them. A
//! `ChunkShape` determines how many points a slab holds and how the elements of a point are divided
//! among chunks. A full slab is handed to the worker threads of an [`EncoderPool`], which cut it
//! into chunks (padded with the fill value where there are no data) and run the filters of the
//! dataset on them with an `Encoder`. `H5Dwrite_chunk` stores the result as it is. So the HDF5
//! library, which executes one call at a time in a process, does not compress anything.
//!
//! Nothing in this module calls HDF5.

mod bitshuffle;
mod buffer_pool;
mod choice;
mod copy;
mod cut;
mod encode;
mod encoder_pool;
mod fill;
mod format;
mod grid_band;
mod grid_blocks;
mod guess;
mod slab;
mod source;

pub(crate) use crate::tree::{ChunkOptions, CompressionScheme};
pub(crate) use bitshuffle::{
    BITSHUFFLE, bitshuffle, bitshuffle_lz4, bitunshuffle, bitunshuffle_lz4,
};
pub(crate) use buffer_pool::{BufferPool, PooledBuffer};
pub(crate) use choice::{ChunkShape, MAX_CHUNK, ended_stream_chunk, live_stream_chunk};
pub(crate) use copy::{ArrayBox, MAX_RANK, copy_part};
pub(crate) use cut::{all_corners, chunk_bytes, copy_into, corners_with_data};
pub(crate) use encode::{DECLARED_LEVEL, Encoded, Encoder};
pub(crate) use encoder_pool::EncodingBatch;
pub use encoder_pool::{EncodeError, EncoderPool};
pub(crate) use fill::FillValue;
pub(crate) use format::ChunkFormat;
pub(crate) use grid_band::{BandLayout, GridBand};
pub(crate) use grid_blocks::blocks;
pub(crate) use guess::{ChunkGuess, guess};
pub(crate) use slab::Slab;
pub(crate) use source::ChunkSource;

/// Returns the size of one point in bytes, or `u64::MAX` if it is larger than that.
pub(crate) fn point_size(element: &[u64], item: usize) -> u64 {
    element
        .iter()
        .fold(item as u64, |size, &length| size.saturating_mul(length))
}

/// Returns pseudo-random bytes, the same in each call.
#[cfg(test)]
fn test_noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(length)
    .collect()
}
