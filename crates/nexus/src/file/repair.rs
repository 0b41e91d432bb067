//! Brings files into order whose writer was killed.

use std::path::Path;

use super::open;
use crate::error::Result;
use crate::h5;
pub use journal::Recovery;

/// Brings a file into order whose writer was killed, as opening it for writing does: it becomes what it was at the last
/// flush, and its journal is removed. A file without a journal is left alone.
///
/// # Errors
/// If another process has the file open for writing, or if the file system refuses.
pub fn repair(path: &Path) -> Result<Recovery> {
    let path = open::resolve(path)?;
    if let Err(error) = std::fs::metadata(&path)
        && !journal::has_journal(&path)
    {
        return Err(open::failed(&path, "open", error));
    }
    journal::recover(&path, &journal::Options::default())
        .map_err(|error| open::unopened(&path, h5::Error::from(error)))
}
