//! Settings from options, the environment and files, as a user gives them.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod files;
mod fixture;
mod precedence;
mod printed;
mod saving;
mod usual_file;
