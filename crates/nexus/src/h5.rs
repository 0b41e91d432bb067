//! The HDF5 library as the rest of this crate sees it: handles, errors, files, groups, datasets.
//!
//! This is the only place with `unsafe` code. Every call goes through one macro that takes the
//! process-wide reentrant lock, because the C library keeps global state, and that turns a failure
//! status into an [`Error`] with the library's own error stack. Nothing is printed by the library.
//!
//! * [`File`], [`Group`], [`Dataset`] own one identifier each and close it when dropped. A file is
//!   closed *strongly*: the identifiers of its objects become invalid with it, and using them is
//!   an error, never a crash.
//! * [`Group`] makes everything: groups, links, and datasets by [`ChunkedOptions`], [`VirtualOptions`] and
//!   [`ExternalOptions`] options.
//! * The HDF5 type of an [`ElementType`](crate::tree::ElementType) is the one that h5py makes for the
//!   numpy type of the same name.
//! * [`Link`], [`DatasetInfo`] and [`RenderedElements`] describe what a file holds, for people and tests.

mod attribute;
mod chunk;
mod create;
mod dataset;
mod dataspace;
mod datatype;
mod describe;
mod element_format;
mod error;
mod file;
mod file_lock;
mod filter;
mod follow;
mod group;
mod library;
mod link;
mod number;
mod packed_value;
mod properties;
mod render;
mod reserved_span;

pub(crate) use chunk::StoredChunk;
pub use create::{ChunkedOptions, ExternalOptions, VirtualOptions};
pub use dataset::Dataset;
pub use describe::{DatasetInfo, DatasetStorage, RenderedElements};
pub use error::{Error, ErrorStack, Major, Minor, Result, StackEntry};
pub use file::File;
pub use filter::Filter;
pub use group::{Group, Object, ObjectKind};
pub(crate) use library::version;
pub use link::Link;
pub use render::element_text;
pub(crate) use reserved_span::ReservedSpan;
