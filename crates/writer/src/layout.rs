//! Layouts: from a scan's metadata to the trees of its files.
//!
//! A layout is a pure function. It knows neither Redis nor HDF5: its input is the scan's info as
//! JSON, its output one [`FileTree`] per file. What cannot be understood is left out of the tree
//! and told in [`FileTree::invalid`] with its place, so that one bad item does not cost the rest.

pub mod h5maps;

use nexus::tree::Group;

/// What a layout asks for in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTree {
    /// Name of the file, as the layout gives it.
    pub file: String,
    /// The root group.
    pub root: Group,
    /// Items that were left out.
    pub invalid: Vec<Invalid>,
}

/// An item of a layout that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}::{path}: {reason}")]
pub struct Invalid {
    /// File that the item belongs to.
    pub file: String,
    /// Where in the tree; attributes are told as `path@name`.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}
