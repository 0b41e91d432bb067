//! NeXus/HDF5 files: the tree of a scan, file sessions, datasets that grow, chunk encoding.
//!
//! This crate does not use Redis. Its modules are:
//!
//! * [`tree`] describes the groups, datasets and links that a file should hold, as plain values.
//!   [`difference`](tree::difference) computes the changes between two versions of a tree.
//! * [`file`](mod@file) opens files, shares them between scans, and flushes them.
//! * [`apply`] writes a tree into a file, and later the changes between two versions of it.
//! * [`chunk`] and [`dataset`] write the points of streams into datasets.
//! * [`frames`] finds and reads the frames in the files of detectors, and [`inspection`] does so on behalf of
//!   another process.
//! * [`h5`] wraps the HDF5 library, for writing and for reading.
//!
//! Files have the format that programs which read BLISS files rely on: format bounds *earliest* to
//! *v110* (superblock 0, so that a reader without SWMR can open a file while it grows), never SWMR,
//! the HDF5 types that h5py creates, and a root group that lists its members in creation order.
//!
//! The HDF5 library executes one call at a time in a process. Therefore one thread makes all calls
//! that write, and other threads prepare the data that it writes.
//!
//! ```
//! use nexus::apply::PendingLinks;
//! use nexus::file::FilePool;
//! use nexus::h5;
//! use nexus::tree::{Content, Dataset, Group, Item};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("scan.h5");
//! let title = Dataset {
//!     attributes: Vec::new(),
//!     content: Content::Value("ascan roby 0 1 5".into()),
//! };
//! let entry = Group {
//!     attributes: vec![("NX_class".to_owned(), "NXentry".into())],
//!     children: vec![("title".to_owned(), Item::Dataset(title))],
//!     ..Group::default()
//! };
//! let tree = Group {
//!     attributes: vec![("NX_class".to_owned(), "NXroot".into())],
//!     children: vec![("1.1".to_owned(), Item::Group(entry))],
//!     ..Group::default()
//! };
//!
//! let pool = FilePool::default();
//! let session = pool.open(&path)?;
//! let written = session.write_tree(&tree, &mut PendingLinks::default());
//! assert!(written.errors.is_empty());
//! session.stamp()?;
//! session.flush_if_dirty()?;
//!
//! // A reader may open the file while the session has it open.
//! let file = h5::File::open_read(&path)?;
//! let title = file.root()?.open_dataset("1.1/title")?.elements(1)?;
//! assert_eq!(title.texts, Some(vec!["ascan roby 0 1 5".to_owned()]));
//! session.close()?;
//! # Ok(())
//! # }
//! ```

pub mod apply;
pub mod chunk;
mod classify;
pub mod dataset;
mod error;
pub mod file;
pub mod frames;
pub mod h5;
pub mod inspection;
pub mod tree;

pub use error::{Error, FileCause, Result};
pub use h5::version as hdf5_version;
