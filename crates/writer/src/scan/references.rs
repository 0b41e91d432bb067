//! Collects the scans to which a sequence or group refers.

use super::problem::ScanProblem;
use crate::layout::ScanReference;
use crate::source::{ScanId, ScanStore};

/// Scans that were received through streams of references.
#[derive(Default)]
pub struct References {
    scans: Vec<ScanId>,
    problems: Vec<ScanProblem>,
}

impl References {
    /// Adds values of a stream of references: scans, and values that are not references.
    pub fn take(&mut self, scans: Vec<ScanId>, invalid: Vec<String>) {
        for scan in scans {
            if !self.scans.contains(&scan) {
                self.scans.push(scan);
            }
        }
        let invalid = invalid.into_iter();
        let problems = invalid.map(|value| ScanProblem::ReferenceInvalid { value });
        self.problems.extend(problems);
    }

    /// Looks up the entries of all these scans. Returns also the problems of those that cannot be looked
    /// up.
    pub async fn resolve(
        mut self,
        store: &dyn ScanStore,
    ) -> (Vec<ScanReference>, Vec<ScanProblem>) {
        let mut found = Vec::new();
        for scan in self.scans {
            match store.info(&scan).await {
                Ok(Some(info)) => found.extend(ScanReference::entries(&info)),
                Ok(None) => self.problems.push(ScanProblem::ReferenceMissing { scan }),
                Err(source) => {
                    let problem = ScanProblem::ReferenceUnreadable { scan, source };
                    self.problems.push(problem);
                }
            }
        }
        (found, self.problems)
    }
}
