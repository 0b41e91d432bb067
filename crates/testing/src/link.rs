//! Other names of an executable that acts by its name.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Returns a link of this name to an executable, beside it. Makes the link if it is missing.
///
/// `executable` is what Cargo says of it: `env!("CARGO_BIN_EXE_nexus-writer")`.
pub fn link_beside(executable: impl AsRef<Path>, name: &str) -> PathBuf {
    let executable = executable.as_ref();
    let link = executable.with_file_name(name);
    let target = Path::new(executable.file_name().unwrap());
    if link == executable || fs::read_link(&link).is_ok_and(|found| found == target) {
        return link;
    }
    // Other tests may do the same at this moment, so that the link must not be missing in between.
    let folder = tempfile::tempdir_in(executable.parent().unwrap()).unwrap();
    let new = folder.path().join(name);
    symlink(target, &new).unwrap();
    fs::rename(&new, &link).unwrap();
    link
}
