//! NeXus/HDF5 files: the tree of a scan, file sessions, datasets that grow, chunk encoding.

pub mod chunk;
pub mod h5;
pub mod tree;
