//! Datasets that grow while a scan runs.
//!
//! A [`StreamDataset`] takes the points of one stream as they come and stores them at one place of
//! a file, in the way its [`WritePolicy`] says: when all data are there already, in large compressed
//! chunks, or contiguous if they are few; while a scan is running, so that readers see each point
//! at the next flush of the file. Where a scan declares chunks and filters, these are used in both
//! cases, and points may also fill a grid. Full slabs of points join the [`StoreQueue`] of their
//! thread, which has them compressed by an [`EncoderPool`](crate::chunk::EncoderPool) of other threads and stores
//! them in order.
//!
//! [`FrameDataset`] and [`link_frames`] are for detectors that write their own files: what is stored
//! of their frames has a [`FrameStorage`], or is a link to one of the files.

mod chunked_dataset;
mod error;
mod existing;
mod frames;
mod freed_space;
mod point_grid;
mod point_list;
mod spec;
mod store_queue;
mod stream;
mod write_policy;

pub use error::Error;
pub use frames::{
    FrameDataset, FrameError, FrameOptions, FrameRange, FrameStorage, FrameTarget,
    choose_frame_storage, link_frames,
};
pub use store_queue::StoreQueue;
pub use stream::StreamDataset;
pub use write_policy::{WriteMode, WritePolicy};
