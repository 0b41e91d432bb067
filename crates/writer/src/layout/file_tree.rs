//! What a layout asks for in one file.

use nexus::tree::Group;

use super::InvalidItem;

/// Root attributes that hold a record of completeness begin like this.
pub(crate) const RECORD_PREFIX: &str = "completeness_";

/// What a layout asks for in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTree {
    /// Name of the file, as the layout writes it.
    pub file: String,
    /// The root group.
    pub root: Group,
    /// Items that were left out.
    pub invalid: Vec<InvalidItem>,
    /// What people should know of items that are there, but not as they were asked for.
    pub notices: Vec<String>,
    /// Groups of the root that must be new: they belong to this scan alone.
    pub exclusive_groups: Vec<String>,
    /// What the writer notes at the root.
    pub root_attributes: RootAttributes,
    /// Where the records of completeness of the scan are.
    pub records: Vec<RecordLocation>,
}

/// Where a record of completeness is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordLocation {
    /// An attribute of the root.
    RootAttribute(String),
    /// A dataset.
    Dataset {
        /// Path of the record.
        record: String,
        /// Path of the dataset that says when the writing began.
        began: String,
    },
}

/// What the writer notes about itself at the root of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RootAttributes {
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

/// Returns the name of the root attribute that holds the record of completeness of a scan, in a file
/// whose layout has no place for it. A file may hold several scans.
pub(crate) fn record_name(scan: &str) -> String {
    format!("{RECORD_PREFIX}{}", scan.rsplit(':').next().unwrap_or(scan))
}
