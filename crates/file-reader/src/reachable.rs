//! The files that may be opened.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use file_request::FileNames;

/// The files that may be opened for one request.
///
/// The canonical path of a file counts, and no file may be a symbolic link: it could lead to another file, and the library
/// would look for further files beside the link. The folders of the names may be symbolic links, as data folders often are.
pub struct Reachable<'r> {
    names: &'r [FileNames],
    /// Canonical paths of folders.
    folders: RefCell<HashMap<PathBuf, Option<PathBuf>>>,
}

/// Whether a file may be opened.
#[derive(Debug, PartialEq, Eq)]
pub enum Access {
    /// It may, under its canonical path.
    Allowed(PathBuf),
    /// It does not exist.
    Missing,
    /// It must not be opened.
    Refused,
}

impl<'r> Reachable<'r> {
    /// Creates the list of the files with these names.
    pub fn new(names: &'r [FileNames]) -> Reachable<'r> {
        Reachable {
            names,
            folders: RefCell::default(),
        }
    }

    /// Returns whether a file may be opened.
    pub fn access(&self, path: &Path) -> Access {
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            return Access::Refused;
        }
        let canonical = match fs::canonicalize(path) {
            Ok(canonical) => canonical,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Access::Missing,
            Err(_) => return Access::Refused,
        };
        let folder = canonical.parent();
        let name = canonical.file_name().and_then(|name| name.to_str());
        let Some((folder, name)) = folder.zip(name) else {
            return Access::Refused;
        };
        let is_one =
            |names: &FileNames| names.include(name) && self.is_folder(&names.folder, folder);
        match self.names.iter().any(is_one) {
            true => Access::Allowed(canonical),
            false => Access::Refused,
        }
    }

    /// Returns whether the first of these files that exists may be opened. All others that exist must be allowed, too: the
    /// library tries the next one if it cannot open one of them.
    pub fn first(&self, candidates: &[PathBuf]) -> Access {
        let mut first = Access::Missing;
        for path in candidates {
            match self.access(path) {
                Access::Refused => return Access::Refused,
                allowed @ Access::Allowed(_) if first == Access::Missing => first = allowed,
                _ => {}
            }
        }
        first
    }

    fn is_folder(&self, listed: &Path, canonical: &Path) -> bool {
        let mut folders = self.folders.borrow_mut();
        let known = folders
            .entry(listed.to_owned())
            .or_insert_with(|| fs::canonicalize(listed).ok());
        known.as_deref() == Some(canonical)
    }
}

/// Returns where the library looks for a file that another one refers to by a name: beside that file, and from the working
/// directory (`H5F_prefix_open_file`).
pub fn candidates(referring: &Path, name: &str) -> Vec<PathBuf> {
    let folder = referring.parent().unwrap_or(Path::new("/"));
    let path = Path::new(name);
    let mut found = vec![folder.join(path)];
    match path.is_absolute() {
        true => found.extend(path.file_name().map(|name| folder.join(name))),
        false => found.push(Path::new("/").join(path)),
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn canonical_paths_count() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        symlink(at("data"), at("alias")).unwrap();
        for file in ["data/own.h5", "data/other.h5", "secret.h5"] {
            fs::write(at(file), "").unwrap();
        }
        symlink(at("secret.h5"), at("data/led.h5")).unwrap();
        symlink(at("data/own.h5"), at("data/link.h5")).unwrap();
        let listed = ["alias/own.h5", "data/led.h5", "data/gone.h5"];
        let listed = listed.map(|name| FileNames::of(&at(name)).unwrap());
        let reachable = Reachable::new(&listed);
        let own = fs::canonicalize(at("data/own.h5")).unwrap();
        for path in ["data/own.h5", "alias/own.h5", "alias/../data/own.h5"] {
            assert_eq!(
                reachable.access(&at(path)),
                Access::Allowed(own.clone()),
                "{path}"
            );
        }
        for path in [
            "data/other.h5",
            "secret.h5",
            "data/led.h5",
            "data/link.h5",
            "data/../secret.h5",
            "data",
        ] {
            assert_eq!(reachable.access(&at(path)), Access::Refused, "{path}");
        }
        assert_eq!(reachable.access(&at("data/gone.h5")), Access::Missing);
        let first = |names: &[&str]| {
            let paths: Vec<_> = names.iter().map(|name| at(name)).collect();
            reachable.first(&paths)
        };
        assert_eq!(
            first(&["data/gone.h5", "data/own.h5"]),
            Access::Allowed(own)
        );
        assert_eq!(first(&["data/own.h5", "secret.h5"]), Access::Refused);
        assert_eq!(first(&["data/gone.h5"]), Access::Missing);
    }

    #[test]
    fn the_library_looks_beside_the_file() {
        let look = |name| candidates(Path::new("/data/a/scan.h5"), name);
        assert_eq!(
            look("b.h5"),
            [PathBuf::from("/data/a/b.h5"), "/b.h5".into()]
        );
        assert_eq!(
            look("/x/b.h5"),
            [PathBuf::from("/x/b.h5"), "/data/a/b.h5".into()]
        );
    }
}
