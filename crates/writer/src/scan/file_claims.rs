//! The claims of the files of one scan.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hub::Greenlet;
use observation::with_causes;
use tracing::{debug, warn};

use super::problem::ScanProblem;
use crate::layout::Layout;
use crate::source::{ClaimError, FileClaim, FileLease, ScanStore};

/// How long a scan waits until its claims are released. A server that does not answer may take longer.
const RELEASE_TIME: Duration = Duration::from_secs(1);

/// The files of a scan, once they are known, and their claims while the scan has them.
#[derive(Default)]
pub struct FileClaims {
    files: BTreeSet<PathBuf>,
    claims: Vec<Box<dyn FileClaim>>,
    /// Releases of claims that the scan had only for a moment.
    releases: Vec<Greenlet<()>>,
}

impl FileClaims {
    /// Creates the claim of one file, which is to be acquired.
    pub fn of(file: &str) -> FileClaims {
        FileClaims {
            files: BTreeSet::from([file.into()]),
            ..FileClaims::default()
        }
    }

    /// Notes the files in which a layout stores data.
    pub fn set_files(&mut self, layout: &dyn Layout) {
        let datasets = layout.destinations();
        let files = datasets.into_iter().map(|dataset| dataset.file.into());
        self.files = files.collect();
        self.files.insert(layout.main_file().into());
    }

    /// Claims the files. All are claimed in the same order, so that two writers do not wait for each other.
    ///
    /// A server that cannot be asked is no obstacle where the operating system locks files.
    ///
    /// # Errors
    /// If another writer has claimed one of them. Then none is claimed.
    pub async fn acquire(&mut self, store: &dyn ScanStore) -> Result<(), ScanProblem> {
        if !self.claims.is_empty() {
            return Ok(());
        }
        for file in &self.files {
            match store.claim_file(file).await {
                Ok(claim) => self.claims.push(claim),
                Err(ClaimError::Held(claim)) => {
                    self.release().await;
                    return Err(ScanProblem::FileClaimed { claim });
                }
                Err(ClaimError::Unavailable(error)) => {
                    debug!("{} is not claimed: {}", file.display(), with_causes(&error));
                }
            }
        }
        Ok(())
    }

    /// Returns the leases of the files.
    pub fn leases(&self) -> FileLeases {
        FileLeases(match self.claims.len() == self.files.len() {
            true => self.claims.iter().map(|claim| claim.lease()).collect(),
            false => Vec::new(),
        })
    }

    /// Releases the claims, after the files were closed.
    pub async fn release(&mut self) {
        let claims = std::mem::take(&mut self.claims).into_iter();
        let releases = claims.map(|claim| hub::spawn(claim.release()));
        self.releases.extend(releases);
        let releases = std::mem::take(&mut self.releases);
        let released = hub::timeout(RELEASE_TIME, async {
            for release in releases {
                if let Err(error) = release.await {
                    warn!("a claim is not released: {error}");
                }
            }
        });
        if released.await.is_err() {
            debug!("claims are being released, which takes long");
        }
    }

    /// Releases other claims when `used` has completed. [`release`](FileClaims::release) waits for that, too.
    pub fn release_after(
        &mut self,
        mut claims: FileClaims,
        used: impl Future<Output = ()> + 'static,
    ) {
        self.releases.push(hub::spawn(async move {
            used.await;
            claims.release().await;
        }));
    }
}

/// The leases of all files of a scan; empty if a file is not claimed.
#[derive(Debug, Clone, Default)]
pub struct FileLeases(Vec<Arc<dyn FileLease>>);

impl FileLeases {
    /// Returns `true` if no other process can have a claim of any of the files now. Waits for nothing.
    pub fn are_confirmed(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|lease| lease.is_confirmed())
    }
}
