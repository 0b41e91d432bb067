//! The kind and the origin of each problem.

use observation::{Classified, ErrorKind, ErrorOrigin};

use super::{Interruption, ScanProblem, StreamProblem};

impl Classified for ScanProblem {
    fn kind(&self) -> ErrorKind {
        match self {
            ScanProblem::Source(source) | ScanProblem::ReferenceUnreadable { source, .. } => {
                source.kind()
            }
            ScanProblem::Layout(_) | ScanProblem::RelativePath { .. } => ErrorKind::Layout,
            ScanProblem::ItemInvalid(_) | ScanProblem::StreamUnusable { .. } => ErrorKind::Layout,
            ScanProblem::Directory(error) | ScanProblem::DirectoryRefused { cause: error, .. } => {
                error.kind()
            }
            ScanProblem::FileLocked { .. }
            | ScanProblem::FileClaimed { .. }
            | ScanProblem::FileUnprotected { .. } => ErrorKind::Locked,
            ScanProblem::NameTaken { .. }
            | ScanProblem::NoFile
            | ScanProblem::FileInterference { .. }
            | ScanProblem::RecordUnreadable { .. } => ErrorKind::Hdf5,
            ScanProblem::FileUnreadable { source, .. } | ScanProblem::Hdf5(source) => source.kind(),
            ScanProblem::File(error) => error.kind(),
            ScanProblem::LinkNotMade { source, .. } => source.kind(),
            ScanProblem::StreamStopped { source, .. } => source.kind(),
            ScanProblem::DiskFull { .. } => ErrorKind::DiskFull,
            ScanProblem::FramesNotSaved { .. } | ScanProblem::FramesMissing { .. } => {
                ErrorKind::DetectorFile
            }
            ScanProblem::Interrupted(Interruption::Fault(fault)) => fault.kind(),
            ScanProblem::Shortfall { .. } => ErrorKind::Internal,
            ScanProblem::StreamMissing { .. }
            | ScanProblem::PointsLost { .. }
            | ScanProblem::StreamDamaged { .. }
            | ScanProblem::StreamNotSealed { .. }
            | ScanProblem::ReferenceMissing { .. }
            | ScanProblem::ReferenceInvalid { .. }
            | ScanProblem::Interrupted(_) => ErrorKind::Protocol,
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            ScanProblem::Source(source) | ScanProblem::ReferenceUnreadable { source, .. } => {
                source.origin()
            }
            ScanProblem::Directory(error) | ScanProblem::DirectoryRefused { cause: error, .. } => {
                error.origin()
            }
            ScanProblem::FileUnreadable { source, .. } | ScanProblem::Hdf5(source) => {
                source.origin()
            }
            ScanProblem::File(error) => error.origin(),
            ScanProblem::LinkNotMade { source, .. } => source.origin(),
            ScanProblem::StreamStopped { source, .. } => source.origin(),
            ScanProblem::FileLocked { .. }
            | ScanProblem::FileClaimed { .. }
            | ScanProblem::FileUnprotected { .. }
            | ScanProblem::FileInterference { .. }
            | ScanProblem::DiskFull { .. } => ErrorOrigin::Environment,
            ScanProblem::FramesNotSaved { .. } => ErrorOrigin::Environment,
            ScanProblem::FramesMissing { source, .. } => source.origin(),
            ScanProblem::PointsLost { source, .. } | ScanProblem::StreamDamaged { source, .. } => {
                source.origin()
            }
            ScanProblem::NameTaken { .. }
            | ScanProblem::NoFile
            | ScanProblem::RecordUnreadable { .. } => ErrorOrigin::User,
            ScanProblem::Interrupted(Interruption::WriterStopped) => ErrorOrigin::User,
            ScanProblem::Interrupted(Interruption::Fault(fault)) => fault.origin(),
            ScanProblem::Shortfall { .. } => ErrorOrigin::Internal,
            ScanProblem::Layout(_)
            | ScanProblem::RelativePath { .. }
            | ScanProblem::ItemInvalid(_)
            | ScanProblem::StreamUnusable { .. }
            | ScanProblem::StreamMissing { .. }
            | ScanProblem::StreamNotSealed { .. }
            | ScanProblem::ReferenceMissing { .. }
            | ScanProblem::ReferenceInvalid { .. }
            | ScanProblem::Interrupted(_) => ErrorOrigin::Data,
        }
    }
}

impl Classified for StreamProblem {
    fn kind(&self) -> ErrorKind {
        match self {
            StreamProblem::NotSaveable(_) | StreamProblem::ReferencesNotData => ErrorKind::Layout,
            StreamProblem::HoleTooLarge { .. } => ErrorKind::Protocol,
            StreamProblem::FrameShapeUnknown
            | StreamProblem::NoMasterFile
            | StreamProblem::FrameFormat(_)
            | StreamProblem::FrameSource(_) => ErrorKind::DetectorFile,
            StreamProblem::Dataset(error) => error.kind(),
            StreamProblem::File(error) => error.kind(),
            StreamProblem::Hdf5(error) => error.kind(),
        }
    }

    fn origin(&self) -> ErrorOrigin {
        match self {
            StreamProblem::Dataset(error) => error.origin(),
            StreamProblem::File(error) => error.origin(),
            StreamProblem::Hdf5(error) => error.origin(),
            StreamProblem::NotSaveable(_)
            | StreamProblem::ReferencesNotData
            | StreamProblem::HoleTooLarge { .. }
            | StreamProblem::FrameShapeUnknown
            | StreamProblem::NoMasterFile
            | StreamProblem::FrameFormat(_)
            | StreamProblem::FrameSource(_) => ErrorOrigin::Data,
        }
    }
}
