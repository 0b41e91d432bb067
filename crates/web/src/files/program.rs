//! The program that reads files.

use std::ffi::OsString;
use std::path::PathBuf;

/// A program that answers the requests of crate `file-request` with its standard input and output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderProgram {
    /// The path of the program.
    pub path: PathBuf,
    /// Its argument 0, by which it knows what it shall do.
    pub name: OsString,
}
