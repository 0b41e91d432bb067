//! The command `makedirs`: creates directories of scans with the account of the writer.

use std::fs::DirBuilder;
use std::path::Path;

use crate::failure::DevFailed;
use crate::python;

const ORIGIN: &str = "NexusWriter.makedirs";

/// Creates a directory and its parents, as far as they are missing.
///
/// # Errors
/// Fails as Python's `os.makedirs(path, exist_ok=True)`, and if the path is relative.
pub fn makedirs(path: &str) -> Result<(), DevFailed> {
    let path = Path::new(path);
    if !path.is_absolute() {
        return Err(DevFailed::python(
            "ValueError",
            "Path must be absolute",
            ORIGIN,
        ));
    }
    make(path)
}

/// Errors name the directory that could not be created, as in Python.
fn make(path: &Path) -> Result<(), DevFailed> {
    match path.parent() {
        Some(parent) if !parent.exists() => make(parent)?,
        _ => {}
    }
    // Not `create_dir_all`, which does not report the directory that failed.
    match DirBuilder::new().create(path) {
        // A directory that exists is no error, whichever error the file system reports first.
        Err(error) if !path.is_dir() => Err(python::system_error(&error, path, ORIGIN)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parents_are_made() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("proposal/sample/dataset");
        let path = deep.to_str().unwrap();
        makedirs(path).unwrap();
        assert!(deep.is_dir());
        // Once more, and with a slash at the end.
        makedirs(&format!("{path}/")).unwrap();
        makedirs("/").unwrap();
    }

    #[test]
    fn errors_name_what_could_not_be_made() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, "").unwrap();
        let file = file.to_str().unwrap();
        let said = |path: &str| makedirs(path).unwrap_err().to_string();
        assert_eq!(said("data"), "ValueError: Path must be absolute\n");
        assert_eq!(said(""), "ValueError: Path must be absolute\n");
        assert_eq!(
            said(file),
            format!("FileExistsError: [Errno 17] File exists: '{file}'\n")
        );
        assert_eq!(
            said(&format!("{file}/a/b")),
            format!("NotADirectoryError: [Errno 20] Not a directory: '{file}/a'\n")
        );
    }
}
