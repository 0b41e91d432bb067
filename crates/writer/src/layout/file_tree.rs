//! The tree that a layout has for one file.

use nexus::tree::{Group, Value};

use super::InvalidItem;

/// Root attributes that hold a record of completeness begin like this.
pub(crate) const RECORD_PREFIX: &str = "completeness_";

/// The tree that a layout has for one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTree {
    /// Path of the file, as the layout writes it.
    pub file: String,
    /// The root group.
    pub root: Group,
    /// Items that were left out.
    pub invalid: Vec<InvalidItem>,
    /// Messages about items that are not exactly as they should be.
    pub notices: Vec<String>,
    /// Groups of the root that must not exist yet: they belong to this scan alone.
    pub exclusive_groups: Vec<String>,
    /// Attributes that the writer sets at the root.
    pub root_attributes: RootAttributes,
    /// Where the file has the records of completeness of the scan.
    pub records: Vec<RecordLocation>,
}

/// Where a file has a record of completeness.
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

/// Attributes that the writer sets at the root of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum RootAttributes {
    /// Times and the version of HDF5, as `blisswriter` 3.0.0 does.
    #[default]
    Minimal,
    /// In addition those of an NXroot, unless the root has a class already, as `blisswriter` 2.0.0
    /// does.
    Nexus {
        /// Name of the attribute for the version of the writer.
        version_name: &'static str,
        /// Name of the program that publishes the scan, if the file has that.
        publisher: Option<Value>,
        /// Its version, if it is known.
        publisher_version: Option<Value>,
    },
}

/// Returns the name of the root attribute that holds the record of completeness of a scan, in a
/// file whose layout has no place for it. A file may hold several scans.
pub(crate) fn record_name(scan: &str) -> String {
    format!("{RECORD_PREFIX}{}", scan.rsplit(':').next().unwrap_or(scan))
}
