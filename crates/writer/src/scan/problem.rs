//! Problems of scans, classified by kind and origin.

mod classified;
mod temporary;

use std::path::PathBuf;

use acquisition::FrameSourceError;
use nexus::file::FileInterference;
use nexus::frames::FrameError;
use nexus::h5;
use observation::Classified as _;

use crate::filesystem::PathError;
use crate::layout::{InvalidItem, LayoutError};
use crate::source::{LossReason, ScanId, SourceError};
use crate::subscriber::{Fault, with_causes};

/// Why something of a scan is not in its files, or why it has no files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanProblem {
    /// The scan, or its server, cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The scan's metadata cannot be turned into a file.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The directory of the scan's file cannot be used.
    #[error(transparent)]
    Directory(#[from] PathError),
    /// The directory of the scan's file cannot be used, in the words that clients of the layout match.
    #[error("{text}")]
    DirectoryRefused {
        /// What clients see.
        text: String,
        /// The reason.
        #[source]
        cause: PathError,
    },
    /// A file is named by a relative path.
    #[error("a file path must be absolute, but it is not: {}", file.display())]
    RelativePath {
        /// The file.
        file: PathBuf,
    },
    /// Another writer has claimed a file.
    #[error("{claim}")]
    FileClaimed {
        /// The file and the process that has claimed it.
        claim: String,
    },
    /// Nothing keeps other writers from writing a file: it has neither a lock nor a claim.
    #[error("{} cannot be locked, and Redis does not confirm its claim", file.display())]
    FileUnprotected {
        /// The file.
        file: PathBuf,
    },
    /// Another program has deleted, renamed, replaced or truncated a file.
    #[error("{} {what}", file.display())]
    FileInterference {
        /// The file.
        file: PathBuf,
        /// What was done to it.
        what: FileInterference,
    },
    /// A file is locked, in the words that clients of the layout match.
    #[error("{text}")]
    FileLocked {
        /// The file.
        file: PathBuf,
        /// What clients see.
        text: String,
    },
    /// An item that the scan would write exists in the file already and belongs to something else.
    #[error("{path} already exists in {}, nothing is written there", file.display())]
    NameTaken {
        /// The file.
        file: PathBuf,
        /// Path of the existing item.
        path: String,
    },
    /// The file has a record of completeness that a newer program wrote.
    #[error("{path} in {} {problem}: nothing is written there", file.display())]
    RecordUnreadable {
        /// The file.
        file: PathBuf,
        /// Where the record is.
        path: String,
        /// Why it cannot be read.
        problem: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}", file.display())]
    FileUnreadable {
        /// The file.
        file: PathBuf,
        /// The error of HDF5.
        source: h5::Error,
    },
    /// Something could not be written.
    #[error(transparent)]
    File(#[from] nexus::Error),
    /// A link in another file could not be made.
    #[error("/{name} cannot be linked in {}", file.display())]
    LinkNotMade {
        /// The file that should hold the link.
        file: PathBuf,
        /// Name of the link.
        name: String,
        /// Why not.
        source: Box<ScanProblem>,
    },
    /// HDF5 failed with something that belongs to no stream.
    #[error(transparent)]
    Hdf5(#[from] h5::Error),
    /// An item of the layout is not valid.
    #[error(transparent)]
    ItemInvalid(InvalidItem),
    /// No file of the scan can be written.
    #[error("no file can be written")]
    NoFile,
    /// A stream cannot be saved and has no dataset whose record could say so.
    #[error("stream {stream:?} cannot be saved: {reason}")]
    StreamUnusable {
        /// The stream.
        stream: String,
        /// Why not.
        reason: String,
    },
    /// A dataset takes no more points of its stream.
    #[error("stream saving stopped due to failure: {stream}")]
    StreamStopped {
        /// The stream.
        stream: String,
        /// Why.
        source: Box<StreamProblem>,
    },
    /// The scan never declared a stream that its layout asks for.
    #[error("missing stream '{stream}', cannot save {file}::{path}")]
    StreamMissing {
        /// The stream.
        stream: String,
        /// The file.
        file: String,
        /// Path of the dataset that it should have filled.
        path: String,
    },
    /// Points of a stream are lost.
    #[error("stream {stream:?}: points {first}..{end} are lost")]
    PointsLost {
        /// The stream.
        stream: String,
        /// Index of the first point.
        first: u64,
        /// Index behind the last point.
        end: u64,
        /// Why.
        source: LossReason,
    },
    /// Something is wrong with a stream at some point.
    #[error("stream {stream:?} at point {point}")]
    StreamDamaged {
        /// The stream.
        stream: String,
        /// Index of the point.
        point: u64,
        /// The reason.
        source: LossReason,
    },
    /// The publisher of a stream has not declared its end.
    #[error("stream {stream:?} was not sealed: it may have had more than {points} points")]
    StreamNotSealed {
        /// The stream.
        stream: String,
        /// Points that were received.
        points: u64,
    },
    /// A detector has not saved all of its frames.
    #[error("stream {stream:?}: the detector has acquired {acquired} frames and saved {saved}")]
    FramesNotSaved {
        /// The stream.
        stream: String,
        /// Frames that were acquired.
        acquired: u64,
        /// Frames that were saved.
        saved: u64,
    },
    /// Frames are not where a detector has announced them.
    #[error("stream {stream:?}: frames {first}..{end} are not there, beginning with {}", file.display())]
    FramesMissing {
        /// The stream.
        stream: String,
        /// Index of the first frame.
        first: u64,
        /// Index behind the last frame.
        end: u64,
        /// The file in which the first of them should be.
        file: PathBuf,
        /// Why it is not there.
        source: FrameError,
    },
    /// Points are missing though nothing has failed.
    #[error(
        "stream {stream:?}: {} points published, {received} received, {written} written",
        count(*published)
    )]
    Shortfall {
        /// The stream.
        stream: String,
        /// Points that the publisher has declared, or `None` if it has not.
        published: Option<u64>,
        /// Points that were received.
        received: u64,
        /// Points that are in the file.
        written: u64,
    },
    /// Another scan, to which this one refers, cannot be linked.
    #[error("cannot look up scan {scan} to link it")]
    ReferenceUnreadable {
        /// The other scan.
        scan: ScanId,
        /// Why not.
        source: SourceError,
    },
    /// Another scan, to which this one refers, does not exist any more.
    #[error("scan {scan} is no longer in Redis, it is not linked")]
    ReferenceMissing {
        /// The other scan.
        scan: ScanId,
    },
    /// A stream of references holds something else.
    #[error("not a reference to a scan: {value}")]
    ReferenceInvalid {
        /// What it holds, as JSON.
        value: String,
    },
    /// The disk has less room than a running scan needs.
    #[error("{text}: {free} left")]
    DiskFull {
        /// What clients see.
        text: String,
        /// Room that is left, with its unit.
        free: String,
    },
    /// The scan was not followed to its end.
    #[error("{0}")]
    Interrupted(Interruption),
}

/// Why a scan was not followed to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// The writer was asked to stop.
    #[error("the writer was stopped before the scan ended")]
    WriterStopped,
    /// The scan was deleted from its server.
    #[error("the scan was deleted from Redis")]
    ScanDeleted,
    /// The events of the scan have ended before the scan.
    #[error("the scan was not followed to its end")]
    EventsEnded,
    /// The subscriber was aborted, or failed.
    #[error(transparent)]
    Fault(Fault),
}

/// Why a dataset takes no more points of its stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamProblem {
    /// What the scan declares cannot be saved.
    #[error("{0}")]
    NotSaveable(String),
    /// The shape of a detector's frames is not known.
    #[error("the shape of the frames is not known")]
    FrameShapeUnknown,
    /// The detector has no master file to link.
    #[error("the detector provides no master file")]
    NoMasterFile,
    /// A stream of references was given a dataset.
    #[error("references to scans are no data")]
    ReferencesNotData,
    /// A hole is so large that the numbers of the stream are taken to be wrong.
    #[error("a hole of {points} points is not filled")]
    HoleTooLarge {
        /// Points of the hole.
        points: u64,
    },
    /// HDF5 cannot refer to frames in files of this format.
    #[error("HDF5 cannot refer to frames in files of format {0:?}")]
    FrameFormat(String),
    /// It is not known where the frames are.
    #[error(transparent)]
    FrameSource(#[from] FrameSourceError),
    /// The dataset cannot be written.
    #[error(transparent)]
    Dataset(#[from] nexus::dataset::Error),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] nexus::Error),
    /// HDF5 failed.
    #[error(transparent)]
    Hdf5(#[from] h5::Error),
}

impl ScanProblem {
    /// Returns the problem with its causes in one text, as it stands in files and reports.
    pub fn text(&self) -> String {
        match self {
            // Clients match the texts of these two.
            ScanProblem::StreamStopped { source, .. } => {
                format!("{self} - {}", with_causes(source))
            }
            ScanProblem::DirectoryRefused { text, .. } => text.clone(),
            _ => with_causes(self),
        }
    }
}

impl From<ScanProblem> for Fault {
    fn from(problem: ScanProblem) -> Fault {
        Fault::Failed {
            text: problem.text(),
            kind: problem.kind(),
            origin: problem.origin(),
            is_temporary: problem.is_temporary(),
        }
    }
}

fn count(points: Option<u64>) -> String {
    points.map_or("an unknown number of".to_owned(), |points| {
        points.to_string()
    })
}
