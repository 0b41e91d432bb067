//! The data models in which BLISS publishes scans.

/// A data model in which BLISS publishes scans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataModel {
    /// Documents and streams of the Python package `blissdata` 1 and later: BLISS 2.
    Blissdata,
    /// Nodes of the Python module `bliss.data.node`: BLISS 1.
    Node,
}
