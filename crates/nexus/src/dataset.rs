//! Datasets that grow while a scan runs.
//!
//! A [`StreamDataset`] stores the points of one stream as they arrive. Its [`WritePolicy`] determines
//! how: if all points are published already, they are stored in large compressed chunks, or
//! contiguously if they are few; while a scan is running, they are stored so that a reader sees each
//! point after the next flush of the file. Chunks and filters that a scan declares are used in both
//! cases, and the points may then also fill a grid. Full slabs are appended to the [`StoreQueue`] of the
//! thread. It passes them to the threads of an [`EncoderPool`](crate::chunk::EncoderPool), which
//! compress them, and stores the chunks in order.
//!
//! A [`TextDataset`] does the same for a stream of texts, which HDF5 keeps beside their dataset.
//!
//! [`FrameDataset`] and [`link_frames`] are for detectors that write their own files. A
//! [`FrameStorage`] determines how a dataset represents the frames in these files; alternatively the
//! file holds a link to one of them. The module [`frames`](crate::frames) looks whether they are there.

mod chunked_dataset;
mod compressed_grid;
mod error;
mod existing;
mod frames;
mod freed_space;
mod point_grid;
mod point_list;
mod spec;
mod store_queue;
mod stream;
mod text_dataset;
mod write_policy;

pub use error::Error;
pub use frames::{
    FrameDataset, FrameOptions, FrameReference, FrameStorage, FrameTarget, LocatedFrames,
    MAX_FRAME_PIECES, choose_frame_storage, link_frames,
};
pub use store_queue::StoreQueue;
pub use stream::StreamDataset;
pub use text_dataset::TextDataset;
pub use write_policy::{WriteMode, WritePolicy};
