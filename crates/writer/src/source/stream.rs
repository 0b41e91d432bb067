//! Streams as their scan declares them.

use std::sync::Arc;

use acquisition::DetectorFiles;
use nexus::tree::ElementType;

/// Identifies a stream that is followed. Only its [`ScanSource`](super::ScanSource) knows the meaning of the
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub usize);

/// A stream that a scan declares.
#[derive(Debug, Clone)]
pub struct StreamDescription {
    /// Its name in the scan; for channels of BLISS the full name of the channel.
    pub name: String,
    /// What the stream holds, or why it cannot be saved.
    pub content: Result<StreamContent, String>,
}

impl StreamDescription {
    /// Returns the files of the detector if this is a stream of its frames.
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
    /// Frames of a detector, which may save them in a series of files.
    Frames(Arc<dyn DetectorFiles>),
    /// Frames that a detector saves with one master file: the file and the dataset in it, if it
    /// provides one.
    MasterFile(Option<(String, String)>),
    /// References to other scans.
    References,
}
