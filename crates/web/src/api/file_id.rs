//! Names of files that say nothing about where they are.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

/// Returns the name of a file for requests. It is the same as long as the program runs.
///
/// A request cannot name a file by its path: the name has to be looked for among those of known files.
pub fn file_id(path: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
