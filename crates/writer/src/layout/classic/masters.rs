//! Where a scan is saved, and the files that hold only links to it.

use serde_json::Value as Json;

use super::subscan::Subscan;
use crate::layout::LayoutError;
use crate::options::SaveOptions;

/// A link to be made in another file, where that file has no member of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterLink {
    /// The other file.
    pub file: String,
    /// Name of the link in its root.
    pub name: String,
    /// File of the scan, relative to the directory of the other file.
    pub target_file: String,
    /// Path of the entry.
    pub target: String,
}

/// The file that holds the data of a scan.
pub fn scan_file(_info: &Json) -> Result<String, LayoutError> {
    Ok(String::new())
}

/// The links to all entries, in all master files.
pub fn links(
    _info: &Json,
    _file: &str,
    _subscans: &[Subscan],
    _options: &SaveOptions,
) -> Vec<MasterLink> {
    Vec::new()
}
