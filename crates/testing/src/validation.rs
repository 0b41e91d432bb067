//! Validates files with NeXus validators.

use std::fmt;
use std::path::Path;
use std::process::Stdio;

use serde::Deserialize;

use crate::python::{lines, python};

/// Something that a file should not have.
#[derive(Debug, Deserialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The check that found it: `punx`, `nxcheck`, `silx`, or our own `walk`.
    pub check: String,
    /// The place in the file, and the problem.
    pub problem: String,
}

/// Validates all HDF5 files in these directories, except those whose path ends like the glob `exclude`.
/// Returns the problems.
///
/// # Panics
/// Panics if there are no files.
pub fn validate(directories: &[&Path], exclude: &str) -> Vec<Problem> {
    let mut validators = python();
    validators.args(["-m", "gate", "--exclude", exclude]);
    let done = validators
        .args(directories)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (found, errors) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    let problems: Vec<_> = lines(&found);
    let expected = if problems.is_empty() { 0 } else { 1 };
    assert_eq!(done.status.code(), Some(expected), "{errors}");
    problems
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            file,
            check,
            problem,
        } = self;
        write!(f, "{file}: {check}: {problem}")
    }
}
