//! Streams as a layout sees them: what they hold, and where it goes.

use nexus::tree::{ElementType, Named, Storage, Value};

use super::FrameOptions;

/// What a stream holds.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamDescription {
    /// Its name in the scan; for channels of BLISS the full channel name.
    pub name: String,
    /// What it is a stream of.
    pub kind: StreamKind,
}

/// What it is a stream of.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamKind {
    /// Points of numbers.
    Numbers {
        /// Type of one element.
        element: ElementType,
        /// Shape of one point; `None` for a length that varies.
        shape: Vec<Option<u64>>,
    },
    /// Frames that a detector saves, or not, in files of its own.
    Frames {
        /// Type of one pixel.
        element: ElementType,
        /// Shape of one frame; `None` where it is not known.
        shape: Vec<Option<u64>>,
        /// Format of the files (`hdf5`, `edf`); none if the detector saves nothing.
        format: Option<String>,
        /// The detector was told not to save.
        discarded: bool,
    },
    /// Frames in a file that the detector makes: a link to it takes the place of the dataset.
    Master,
    /// References to other scans.
    References,
    /// Nothing that can be read; the reason.
    Unreadable(String),
}

/// Where a stream goes.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamPlace {
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
pub struct SubscanPlace {
    /// Its name: that of the top master of the acquisition chain, if that is known.
    pub name: String,
    /// The file, as the layout names it.
    pub file: String,
    /// Name of the entry in the file.
    pub entry: String,
}

impl SubscanPlace {
    /// Where to find its data: `/data/a.h5::/1.1`.
    pub fn url(&self) -> String {
        format!("{}::/{}", self.file, self.entry)
    }
}

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
