//! Watches the free disk space while a scan runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::problem::ScanProblem;
use crate::filesystem::{self, DiskSpace};

/// Time between two checks, as in `blisswriter` 2.0.0.
const CHECK_PERIOD: Duration = Duration::from_secs(3);

/// Checks the free disk space periodically.
pub struct SpaceWatch {
    directory: PathBuf,
    required: u64,
    next_check: Instant,
}

impl SpaceWatch {
    /// Creates a watch of the disk that holds `file`.
    pub fn new(file: &Path, space: DiskSpace) -> SpaceWatch {
        SpaceWatch {
            directory: file.parent().unwrap_or(file).to_owned(),
            required: space.required,
            next_check: Instant::now() + CHECK_PERIOD,
        }
    }

    /// Returns the problem that the disk is full. Returns `None` if there is enough space, or if it is too
    /// early for another check.
    pub async fn check(&mut self) -> Option<ScanProblem> {
        if self.required == 0 || Instant::now() < self.next_check {
            return None;
        }
        self.next_check = Instant::now() + CHECK_PERIOD;
        let free = filesystem::free_space_soon(&self.directory).await?;
        (free < self.required).then(|| ScanProblem::DiskFull {
            text: filesystem::too_little_space(self.required),
            free: filesystem::size(free),
        })
    }
}
