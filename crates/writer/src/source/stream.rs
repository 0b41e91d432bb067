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
    /// Its name, which no other stream of the scan has.
    pub name: String,
    /// The full name of its channel, by which the info of the scan refers to it. Channels of different subscans can have
    /// the same one.
    pub channel: String,
    /// The subscan to which the channel belongs, if the publisher says that: the name of its top master.
    pub subscan: Option<String>,
    /// What the stream holds, or why it cannot be saved.
    pub content: Result<StreamContent, String>,
}

impl StreamDescription {
    /// Returns the description of a stream that is named after its channel.
    pub fn new(
        name: impl Into<String>,
        content: Result<StreamContent, String>,
    ) -> StreamDescription {
        let name = name.into();
        StreamDescription {
            channel: name.clone(),
            name,
            subscan: None,
            content,
        }
    }

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
    /// Points of texts of variable length.
    Texts {
        /// Shape of one point; empty if it is one text.
        shape: Vec<u64>,
    },
    /// Frames of a detector, which may save them in a series of files.
    Frames(Arc<dyn DetectorFiles>),
    /// Frames that a detector saves with one master file: the file and the dataset in it, if it
    /// provides one.
    MasterFile(Option<(String, String)>),
    /// References to other scans.
    References,
}

impl StreamContent {
    /// Returns `true` if the stream has points, which the server drops sooner or later.
    pub fn has_points(&self) -> bool {
        matches!(
            self,
            StreamContent::Numbers { .. } | StreamContent::Texts { .. }
        )
    }
}
