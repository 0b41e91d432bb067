//! The documents: each command line in the README and the handbook works, and their examples do.
//!
//! CONTRIBUTING.md explains the marks of blocks of code. `blocks` reads them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod blocks;
mod chapters;
mod examples;
mod lines;
mod reference;
mod session;
