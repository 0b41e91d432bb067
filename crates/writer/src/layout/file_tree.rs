//! What a layout asks for in one file.

use nexus::tree::Group;

/// What a layout asks for in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTree {
    /// Name of the file, as the layout writes it.
    pub file: String,
    /// The root group.
    pub root: Group,
    /// Items that were left out.
    pub invalid: Vec<Invalid>,
    /// What people should know of items that are there, but not as they were asked for.
    pub notices: Vec<String>,
    /// Groups of the root that must be new: they belong to this scan alone.
    pub own: Vec<String>,
    /// What the writer notes at the root.
    pub stamp: Stamp,
}

/// What the writer notes about itself at the root of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stamp {
    /// Times and the version of HDF5, as `blisswriter` 3.0.0 does.
    #[default]
    Minimal,
    /// Also what a NeXus root has, in a root that has no class yet, as `blisswriter` 2.0.0 does.
    Nexus {
        /// What publishes the scan.
        publisher: String,
        /// Its version, if it is known.
        publisher_version: Option<String>,
    },
}

/// An item of a layout that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}::{path}: {reason}")]
pub struct Invalid {
    /// File that the item belongs to.
    pub file: String,
    /// Where in the tree; an attribute's place is `path@name`.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}
