//! What NeXus validators say about files.

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
    /// Who found it: `punx`, `nxcheck`, `silx`, or our own `walk`.
    pub check: String,
    /// Where, and what.
    pub problem: String,
}

/// Validates all HDF5 files in these directories, of which there must be some, except those whose path
/// ends like the glob `exclude`.
pub fn gate(directories: &[&Path], exclude: &str) -> Vec<Problem> {
    let mut gate = python();
    gate.args(["-m", "gate", "--exclude", exclude]);
    let done = gate
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
