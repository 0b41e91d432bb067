//! Files of the reference that are changed, for the tests of what looks at files.

use crate::gate::Problem;
use crate::python::{lines, output, python};
use crate::recording::Difference;

/// What the comparison finds when the file of a recording, as the reference made it, is changed. Each
/// change is a Python statement about `h5`, that file.
pub fn changed(recording: &str, changes: &[&str]) -> Vec<Vec<Difference>> {
    let mut program = python();
    program.args(["changed.py", recording]).args(changes);
    lines(&output(&mut program))
}

/// What the validators say about that file then.
pub fn refused(recording: &str, changes: &[&str]) -> Vec<Vec<Problem>> {
    let mut program = python();
    program
        .args(["changed.py", "--gate", recording])
        .args(changes);
    lines(&output(&mut program))
}
