//! Datasets that grow while a scan runs.
//!
//! A [`StreamDataset`] takes the points of one stream as they come and stores them at one place of
//! a file, in the way its [`Policy`] says: when all data are there already, in large compressed
//! chunks, or contiguous if they are few; while a scan is running, so that readers see each point
//! at the next flush of the file. Where a scan declares chunks and filters, these are used in both
//! cases, and points may also fill a grid. Full slabs of points join the [`Outbox`] of their
//! thread, which has them compressed by a [`Pool`](crate::chunk::Pool) of other threads and stores
//! them in order.
//!
//! [`FrameDataset`] and [`link_frames`] are for detectors that write their own files: what is stored
//! of their frames has a [`Form`], or is a link to one of the files.

mod error;
mod found;
mod frames;
mod freed_space;
mod grid;
mod growing;
mod outbox;
mod place;
mod policy;
mod store;
mod stream;

pub use error::Error;
pub use frames::{
    Form, FrameDataset, FrameError, FrameOptions, FrameSite, Frames, choose, link_frames,
};
pub use outbox::Outbox;
pub use policy::{Mode, Policy};
pub use stream::StreamDataset;
