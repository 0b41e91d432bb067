//! From the points of a stream to the chunks of an HDF5 dataset.
//!
//! Points gather in a `Slab`: so many points in a row, one after the other as they were published,
//! never decoded. `ChunkShape` says how many points a slab has and how a chunk divides the
//! elements of a point. A full slab is frozen and handed to the worker threads of an [`EncoderPool`], which
//! cut it into chunks (padded with the fill value where there are no data) and run the filters
//! of the dataset on them with an `Encoder`. The result is what `H5Dwrite_chunk` stores, so
//! the HDF5 library, which can only do one thing at a time in a process, has nothing to compute.
//!
//! Nothing here calls HDF5.

mod bitshuffle;
mod buffer_pool;
mod choice;
mod copy;
mod encode;
mod encoder_pool;
mod fill;
mod format;
mod guess;
mod noise;
mod shuffle;
mod slab;
mod tiles;

pub(crate) use crate::tree::{ChunkOptions, CompressionScheme};
pub(crate) use bitshuffle::{
    BITSHUFFLE, bitshuffle, bitshuffle_lz4, bitunshuffle, bitunshuffle_lz4,
};
pub(crate) use buffer_pool::{BufferPool, PooledBuffer};
pub(crate) use choice::{ChunkShape, MAX_CHUNK, ended_stream_chunk, live_stream_chunk};
pub(crate) use copy::{ArrayBox, MAX_RANK, copy_part};
pub(crate) use encode::{DECLARED_LEVEL, Encoded, Encoder};
pub(crate) use encoder_pool::EncodingBatch;
pub use encoder_pool::{EncodeError, EncoderPool};
pub(crate) use fill::FillValue;
pub(crate) use format::ChunkFormat;
pub(crate) use guess::{ChunkGuess, guess};
pub(crate) use shuffle::shuffle;
pub(crate) use slab::Slab;
pub(crate) use tiles::{corners, cut, lay, tiles};

/// Bytes of one point, or the largest number there is if the true one is beyond it.
pub(crate) fn point_size(element: &[u64], item: usize) -> u64 {
    element
        .iter()
        .fold(item as u64, |size, &length| size.saturating_mul(length))
}

/// Bytes without any order, the same each time.
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
