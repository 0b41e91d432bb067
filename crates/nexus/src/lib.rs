//! NeXus/HDF5 files: the tree of a scan, file sessions, datasets that grow, chunk encoding.

pub mod apply;
pub mod chunk;
pub mod dataset;
mod error;
pub mod file;
pub mod h5;
pub mod tree;

pub use error::{Error, Result};
