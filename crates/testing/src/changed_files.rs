//! Changed files of the reference, for the tests of the programs that compare and validate files.

use crate::python::{lines, output, python};
use crate::recording::Difference;
use crate::validation::Problem;

/// Changes the file that the reference made of a recording, and returns the differences that the
/// comparison finds after each change, a Python statement about `h5`, that file.
pub fn differences_after(recording: &str, changes: &[&str]) -> Vec<Vec<Difference>> {
    let mut program = python();
    program.args(["changed.py", recording]).args(changes);
    lines(&output(&mut program))
}

/// Changes the file as [`differences_after`] does, and returns the problems that the validators report.
pub fn problems_after(recording: &str, changes: &[&str]) -> Vec<Vec<Problem>> {
    let mut program = python();
    program
        .args(["changed.py", "--gate", recording])
        .args(changes);
    lines(&output(&mut program))
}
