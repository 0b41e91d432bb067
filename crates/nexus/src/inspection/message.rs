//! What the two processes exchange.

use serde::{Deserialize, Serialize};

use crate::frames::{ExpectedFrames, FileStamp, Finding, FrameError, FrameRange};
use crate::tree::ElementType;

/// A request to look at files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Find out which of these frames are there. The answer to each range is an [`Answer::Finding`].
    Find {
        /// What is known of the frames.
        expected: ExpectedFrames,
        /// The frames, and the stamp of the file if it was looked at before.
        ranges: Vec<(FrameRange, Option<FileStamp>)>,
    },
    /// Read frames. The answer is an [`Answer::Frames`], then an [`Answer::Batch`] for each part of them, and an
    /// [`Answer::End`].
    Read {
        /// What is known of the frames.
        expected: ExpectedFrames,
        /// The frames.
        range: FrameRange,
    },
    /// Read texts of a file that may be written meanwhile. The answer is an [`Answer::Texts`], or an [`Answer::End`] with
    /// the reason why the file cannot be opened.
    Texts {
        /// The file.
        file: String,
        /// Names of attributes of the root group.
        attributes: Vec<String>,
        /// Paths of datasets.
        datasets: Vec<String>,
    },
}

/// An answer, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// What was found out about one range of frames.
    Finding(Finding),
    /// The frames that will be read.
    Frames {
        /// The type of the pixels.
        element: ElementType,
        /// The shape of a frame.
        shape: Vec<u64>,
    },
    /// Some of the frames. Their bytes follow.
    Batch {
        /// The number of frames.
        frames: u64,
        /// The number of bytes.
        bytes: usize,
    },
    /// Texts of a file, in the order of the request. Those that are not there, or cannot be read, are `None`.
    Texts {
        /// The first element of each attribute.
        attributes: Vec<Option<String>>,
        /// The first element of each dataset.
        datasets: Vec<Option<String>>,
    },
    /// There are no more frames, because all were read or because of an error.
    End(Option<FrameError>),
}
