//! A safe interface to the HDF5 library: files, groups, datasets, attributes, links and errors.
//!
//! This is the only module with `unsafe` code. Each call goes through one macro. The macro takes the
//! process-wide reentrant lock, because the C library has global state, and turns a failed status into
//! an [`Error`] with the error stack of the library. The library does not print its errors.
//!
//! * [`File`], [`Group`] and [`Dataset`] own one identifier each and close it when they are dropped. A
//!   file is closed *strongly*: the identifiers of its objects become invalid with it, and using them is
//!   an error, never a crash.
//! * [`Group`] creates groups, links and datasets. [`ChunkedOptions`], [`VirtualOptions`] and
//!   [`ExternalOptions`] describe a new dataset.
//! * The HDF5 type of an [`ElementType`](crate::tree::ElementType) is the one that h5py creates for the
//!   numpy type of the same name.
//! * [`Link`], [`DatasetInfo`] and [`RenderedElements`] describe the content of a file, for users and
//!   tests.

mod allocation;
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
mod json;
mod library;
mod link;
mod lock_environment;
mod lock_failure;
mod number;
mod packed_value;
mod properties;
mod render;
mod reserved_span;
mod selection;
mod token;
mod type_description;
mod write_options;

pub(crate) use chunk::StoredChunk;
pub use create::{ChunkedOptions, ExternalOptions, VirtualOptions};
pub use dataset::Dataset;
pub use describe::{DatasetInfo, DatasetStorage, RenderedElements, VirtualPart};
pub use error::{Error, ErrorStack, Major, Minor, Result, StackEntry};
pub use file::{File, LastCommit, WriteAccess};
pub use filter::Filter;
pub use group::{Group, Object, ObjectKind};
pub use json::JsonLimits;
pub use library::version;
pub use link::Link;
pub use lock_failure::LockFailure;
pub use render::element_text;
pub(crate) use reserved_span::ReservedSpan;
pub use selection::Selection;
pub use type_description::{TypeDescription, TypeKind};
pub use write_options::{FileDriver, UnknownFileDriver, WriteOptions};
