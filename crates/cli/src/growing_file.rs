//! Files that are looked at while another program may be writing them.
//!
//! Such a file may look damaged for a moment, because the HDF5 library does not write its metadata in one piece. So
//! it is looked at again before anything is said against it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How often a file is looked at while somebody may be writing it.
const MAX_LOOKS: u32 = 10;
/// How long after its last change a file counts as being written. Running scans are flushed more often.
const RECENT: Duration = Duration::from_secs(2);

/// Time between two looks: longer than a flush.
pub const LOOK_PERIOD: Duration = Duration::from_millis(300);

/// Decides whether a file that looks damaged is looked at again.
pub struct GrowingFile<'f> {
    file: &'f Path,
    state: FileState,
    looks: u32,
}

impl<'f> GrowingFile<'f> {
    /// Must be called before the first look.
    pub fn new(file: &'f Path) -> GrowingFile<'f> {
        GrowingFile {
            file,
            state: FileState::of(file),
            looks: 1,
        }
    }

    /// Returns `true` if the file may look better after [`LOOK_PERIOD`], because somebody may be writing it.
    pub fn may_change(&mut self) -> bool {
        let now = FileState::of(self.file);
        let changes = now != self.state || now.is_recent();
        self.state = now;
        self.looks += 1;
        changes && self.looks <= MAX_LOOKS
    }
}

/// When a file was last changed, and its size.
#[derive(PartialEq)]
struct FileState(Option<(SystemTime, u64)>);

impl FileState {
    fn of(file: &Path) -> FileState {
        let found = fs::metadata(file);
        FileState(
            found
                .ok()
                .and_then(|found| Some((found.modified().ok()?, found.len()))),
        )
    }

    /// Returns `true` if the file was changed so lately that somebody may be writing it.
    fn is_recent(&self) -> bool {
        let age = self.0.and_then(|(modified, _)| modified.elapsed().ok());
        age.is_some_and(|age| age < RECENT)
    }
}
