//! Problems that may be gone when the scan is tried again.

use observation::{Classified as _, ErrorOrigin};

use super::{Interruption, ScanProblem, StreamProblem};
use crate::filesystem::PathError;
use crate::subscriber::Fault;

impl ScanProblem {
    /// Returns `true` if the environment causes the problem, and may not cause it later: the scan is then
    /// tried again. What the data make impossible stays impossible.
    pub fn is_temporary(&self) -> bool {
        match self {
            ScanProblem::Source(source) | ScanProblem::ReferenceUnreadable { source, .. } => {
                !source.is_missing() && source.origin() == ErrorOrigin::Environment
            }
            ScanProblem::Directory(error) | ScanProblem::DirectoryRefused { cause: error, .. } => {
                matches!(
                    error,
                    PathError::NoPermission(_)
                        | PathError::NoSpace { .. }
                        | PathError::System { .. }
                )
            }
            ScanProblem::FileLocked { .. }
            | ScanProblem::FileClaimed { .. }
            | ScanProblem::FileUnprotected { .. }
            | ScanProblem::FileInterference { .. }
            | ScanProblem::DiskFull { .. } => true,
            ScanProblem::FileUnreadable { source, .. } | ScanProblem::Hdf5(source) => {
                source.is_temporary()
            }
            ScanProblem::File(error) => error.is_temporary(),
            ScanProblem::LinkNotMade { source, .. } => source.is_temporary(),
            ScanProblem::StreamStopped { source, .. } => source.is_temporary(),
            ScanProblem::Interrupted(Interruption::Fault(fault)) => fault.is_temporary(),
            _ => false,
        }
    }

    /// Returns `true` if nothing more can be saved before the problem is gone.
    pub fn stops_saving(&self) -> bool {
        self.is_temporary()
            && matches!(
                self,
                ScanProblem::DiskFull { .. }
                    | ScanProblem::FileUnprotected { .. }
                    | ScanProblem::FileInterference { .. }
                    | ScanProblem::StreamStopped { .. }
                    | ScanProblem::File(nexus::Error::NoSpace { .. })
            )
    }
}

impl StreamProblem {
    fn is_temporary(&self) -> bool {
        match self {
            StreamProblem::Dataset(error) => error.is_temporary(),
            StreamProblem::File(error) => error.is_temporary(),
            StreamProblem::Hdf5(error) => error.is_temporary(),
            _ => false,
        }
    }
}

impl Fault {
    /// Returns `true` if the same work may succeed later, without anybody having changed the data.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Fault::Failed { is_temporary, .. } if *is_temporary)
    }
}
