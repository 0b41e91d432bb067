//! Changed files of the reference, for the tests of the programs that compare and validate files.

use crate::gate::Problem;
use crate::python::{lines, output, python};
use crate::recording::Difference;

/// Changes the file that the reference made of a recording, and returns the differences that the
/// comparison finds after each change, a Python statement about `h5`, that file.
pub fn changed(recording: &str, changes: &[&str]) -> Vec<Vec<Difference>> {
    let mut program = python();
    program.args(["changed.py", recording]).args(changes);
    lines(&output(&mut program))
}

/// Changes the file as [`changed`] does, and returns the problems that the validators report.
pub fn refused(recording: &str, changes: &[&str]) -> Vec<Vec<Problem>> {
    let mut program = python();
    program
        .args(["changed.py", "--gate", recording])
        .args(changes);
    lines(&output(&mut program))
}
