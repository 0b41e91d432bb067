//! Links to the files of a detector, and the names of these files in links.

use std::path::{Path, PathBuf};

use super::{FrameTarget, LocatedFrames};
use crate::dataset::Error;
use crate::h5::Group;
use crate::tree::Value;

/// The largest number of names in a list, which takes about 100 bytes of memory for each.
const MAX_NAMES: u64 = 1 << 20;

/// Links `path`, relative to `parent`, to the dataset in the master file of a detector, which Lima 2
/// writes. `file` is the HDF5 file that holds the link.
///
/// # Errors
/// If the link cannot be created, for example because the name exists.
pub fn link_frames(
    parent: &Group,
    path: &str,
    file: &Path,
    master: &str,
    dataset: &str,
) -> Result<(), Error> {
    let master = stored_name(master, file);
    parent
        .create_external_link(path, Path::new(&master), dataset)
        .map_err(|source| Error::Hdf5 {
            path: path.to_owned(),
            action: "create the link",
            source,
        })
}

/// Creates the list of names: for each frame the name of its file and its index in the file.
pub(super) fn create_name_list(
    target: &FrameTarget,
    frames: &[LocatedFrames],
) -> Result<(), Error> {
    let count = frames.iter().map(|frames| frames.range.count).sum();
    if count > MAX_NAMES {
        let path = target.path.clone();
        return Err(Error::TooManyNames { path, count });
    }
    let texts: Vec<String> = frames
        .iter()
        .flat_map(|LocatedFrames { range, .. }| {
            let name = stored_name(&range.file, &target.file);
            (0..range.count).map(move |row| format!("{name}::{}", range.first + row))
        })
        .collect();
    let list = Value::Texts {
        shape: vec![texts.len() as u64],
        texts,
    };
    target
        .parent
        .create_value(&target.path, &list)
        .map(drop)
        .map_err(|source| target.failure("create the list of names", source))
}

/// Returns the path of `file` relative to the directory of `home` if the file lies below it, so that both
/// can be moved together. Otherwise returns `file`.
pub(super) fn stored_name(file: &str, home: &Path) -> String {
    let directory = home.parent().unwrap_or(Path::new(""));
    let below = Path::new(file).strip_prefix(directory).ok();
    let below: Option<PathBuf> = below.map(|below| below.components().collect());
    let below = below.as_deref().and_then(Path::to_str);
    below
        .filter(|name| !name.is_empty())
        .unwrap_or(file)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_the_directory_are_relative() {
        let name = |file| stored_name(file, Path::new("/data/visit/scan.h5"));
        assert_eq!(name("/data/visit/scan0001/e_0000.h5"), "scan0001/e_0000.h5");
        assert_eq!(name("/data/visit//scan0001/./e.h5"), "scan0001/e.h5");
        assert_eq!(name("/data/visitor/e.h5"), "/data/visitor/e.h5");
        assert_eq!(name("/elsewhere/e.h5"), "/elsewhere/e.h5");
        assert_eq!(name("raw/e.h5"), "raw/e.h5");
    }
}
