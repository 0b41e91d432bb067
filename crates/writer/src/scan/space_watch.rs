//! Watches the room on the disk while a scan runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::problem::ScanProblem;
use crate::filesystem::{self, DiskSpace};

/// Time between two looks, as in `blisswriter` 2.0.0.
const PERIOD: Duration = Duration::from_secs(3);

/// Looks now and then whether there is room.
pub struct SpaceWatch {
    directory: PathBuf,
    required: u64,
    next: Instant,
}

impl SpaceWatch {
    /// Watches the disk that holds a file.
    pub fn new(file: &Path, space: DiskSpace) -> SpaceWatch {
        SpaceWatch {
            directory: file.parent().unwrap_or(file).to_owned(),
            required: space.required,
            next: Instant::now() + PERIOD,
        }
    }

    /// Why nothing more should be written, if it is time to look and there is too little room.
    pub async fn look(&mut self) -> Option<ScanProblem> {
        if self.required == 0 || Instant::now() < self.next {
            return None;
        }
        self.next = Instant::now() + PERIOD;
        let free = filesystem::free_space_soon(&self.directory).await?;
        (free < self.required).then(|| ScanProblem::DiskFull {
            text: filesystem::too_little_space(self.required),
            free: filesystem::size(free),
        })
    }
}
