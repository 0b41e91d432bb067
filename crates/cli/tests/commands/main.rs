//! The commands as a user runs them: output, files and exit codes.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod check;
mod demo;
mod fixture;
mod logs;
mod other_files;
mod output;
mod simulate;
mod tree;
mod usage;
