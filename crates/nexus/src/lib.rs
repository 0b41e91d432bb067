//! NeXus/HDF5 files: the tree of a scan, file sessions, datasets that grow, chunk encoding.
//!
//! This crate knows nothing of Redis, and its parts build on each other:
//!
//! * [`tree`] says what a file should hold, as plain values. Two versions of a tree have a
//!   [`difference`](tree::difference).
//! * [`file`](mod@file) opens files, shares them between scans, and flushes them.
//! * [`apply`] writes a tree into a file, and later the difference.
//! * [`chunk`] and [`dataset`] bring the points of streams into datasets.
//! * [`h5`] is the HDF5 library underneath, and reads files as well.
//!
//! Files have the form that readers of BLISS files rely on: format bounds *earliest* to *v110*
//! (superblock 0, so plain readers open a file while it grows), never SWMR, HDF5 types as h5py
//! makes them, and a root group that lists its members in the order in which they were made.
//!
//! HDF5 does one thing at a time in a process. All writing belongs to one thread; other threads
//! prepare what it writes.
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
//! };
//! let tree = Group {
//!     attributes: vec![("NX_class".to_owned(), "NXroot".into())],
//!     children: vec![("1.1".to_owned(), Item::Group(entry))],
//! };
//!
//! let pool = FilePool::default();
//! let session = pool.open(&path)?;
//! let written = session.write_tree(&tree, &mut PendingLinks::default());
//! assert!(written.errors.is_empty());
//! session.stamp()?;
//! session.flush_if_dirty()?;
//!
//! // Others may read while the file is open here.
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
pub mod h5;
pub mod tree;

pub use error::{Error, FileCause, Result};
