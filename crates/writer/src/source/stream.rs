//! Streams as their scan declares them.

use std::sync::Arc;

use acquisition::DetectorFiles;
use nexus::tree::ElementType;

/// A stream that is followed. The number means something to its [`ScanSource`](super::ScanSource) alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub usize);

/// A stream that a scan declares.
#[derive(Debug, Clone)]
pub struct StreamDescription {
    /// Its name in the scan; for channels of BLISS the full name of the channel.
    pub name: String,
    /// What it holds, or why that cannot be saved.
    pub content: Result<StreamContent, String>,
}

impl StreamDescription {
    /// Returns the files of the detector whose frames this is a stream of, if it is one.
    pub fn detector_files(&self) -> Option<&dyn DetectorFiles> {
        match &self.content {
            Ok(StreamContent::Frames(files)) => Some(&**files),
            _ => None,
        }
    }
}

/// What a stream holds.
#[derive(Debug, Clone)]
pub enum StreamContent {
    /// Points of numbers.
    Numbers {
        /// Type of one element.
        element: ElementType,
        /// Shape of one point; `None` for a length that varies.
        shape: Vec<Option<u64>>,
    },
    /// Frames that a detector saves, or not, in a series of files.
    Frames(Arc<dyn DetectorFiles>),
    /// Frames that a detector saves with one master file: the file and the dataset in it, if it
    /// provides one.
    MasterFile(Option<(String, String)>),
    /// References to other scans.
    References,
}
