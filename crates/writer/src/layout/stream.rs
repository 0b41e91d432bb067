//! Where the streams and subscans of a scan are stored.

use nexus::tree::{NamedList, StreamStorage, Value};

use super::FrameOptions;

/// Where a stream is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamDestination {
    /// Name of the stream.
    pub stream: String,
    /// Name of its subscan.
    pub subscan: String,
    /// Path of the file, as the layout writes it.
    pub file: String,
    /// Absolute path of the dataset.
    pub path: String,
    /// Attributes that the dataset gets when it is created.
    pub attributes: NamedList<Value>,
    /// How it is stored.
    pub storage: StreamStorage,
    /// How frames in files of a detector are stored.
    pub frames: FrameOptions,
}

/// A part of a scan that has a pace of its own, and its entry in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscanEntry {
    /// Name of the subscan: that of its top master in the acquisition chain, if that is known.
    pub name: String,
    /// Path of the file, as the layout writes it.
    pub file: String,
    /// Name of the entry in the file.
    pub entry: String,
}

impl SubscanEntry {
    /// Returns the URL of the entry: `/data/a.h5::/1.1`.
    pub fn url(&self) -> String {
        format!("{}::/{}", self.file, self.entry)
    }
}

/// A link to an entry in a link file. It is created unless the link file has a member of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryLink {
    /// Path of the link file.
    pub file: String,
    /// Name of the link in its root.
    pub name: String,
    /// File of the scan, relative to the directory of the link file.
    pub target_file: String,
    /// Path of the entry.
    pub target: String,
}
