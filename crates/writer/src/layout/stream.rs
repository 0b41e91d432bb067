//! Where a layout puts the streams of a scan.

use nexus::tree::{Named, Storage, Value};

use super::FrameOptions;

/// Where a stream goes.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamDestination {
    /// Name of the stream.
    pub stream: String,
    /// Name of its subscan.
    pub subscan: String,
    /// The file, as the layout names it.
    pub file: String,
    /// Absolute path of the dataset.
    pub path: String,
    /// What the dataset is given as soon as it exists.
    pub attributes: Named<Value>,
    /// How it is stored.
    pub storage: Storage,
    /// How frames in files of a detector are stored.
    pub frames: FrameOptions,
}

/// A part of a scan that goes at its own pace, and has an entry of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscanEntry {
    /// Its name: that of the top master of the acquisition chain, if that is known.
    pub name: String,
    /// The file, as the layout names it.
    pub file: String,
    /// Name of the entry in the file.
    pub entry: String,
}

impl SubscanEntry {
    /// Where to find its data: `/data/a.h5::/1.1`.
    pub fn url(&self) -> String {
        format!("{}::/{}", self.file, self.entry)
    }
}

/// A link to be made in another file, where that file has no member of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLink {
    /// The other file.
    pub file: String,
    /// Name of the link in its root.
    pub name: String,
    /// File of the scan, relative to the directory of the other file.
    pub target_file: String,
    /// Path of the entry.
    pub target: String,
}
