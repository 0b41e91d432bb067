//! Finds what keeps the files of a scan from being written any further.

use nexus::file::FileInterference;

use super::ScanOutput;
use crate::scan::problem::ScanProblem;

impl ScanOutput {
    /// Returns a problem if nothing more may be written into the files, or if readers will not find it there.
    /// Nothing more reaches a file then that another writer may be writing, or that has lost its end.
    pub(super) fn obstacle(&self) -> Option<ScanProblem> {
        if let Some(problem) = self.unprotected() {
            let unlocked = self.files.iter().filter(|file| !file.session.is_locked());
            unlocked.for_each(|file| file.session.abandon());
            return Some(problem);
        }
        let (file, what) = self
            .files
            .iter()
            .find_map(|file| Some((file, file.session.interference()?)))?;
        if what == FileInterference::Truncated {
            file.session.abandon();
        }
        let file = file.path();
        Some(ScanProblem::FileInterference { file, what })
    }

    /// Returns a problem if another writer could write one of the files now: where the file system has no
    /// locks, only a claim protects them, and it has to be confirmed.
    fn unprotected(&self) -> Option<ScanProblem> {
        let mut unlocked = self.files.iter().filter(|file| !file.session.is_locked());
        let file = unlocked
            .next()
            .filter(|_| !self.claims.are_confirmed())?
            .path();
        Some(ScanProblem::FileUnprotected { file })
    }
}
