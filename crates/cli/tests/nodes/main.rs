//! Scans of BLISS 1.11, which are nodes in a plain Redis, saved by the commands.
//!
//! Scans that BLISS has published are in `recorded`; the others are published by `bliss_node::publish`, with the commands
//! of BLISS.

#![allow(clippy::unwrap_used, reason = "tests")]

mod faults;
mod fixture;
mod load;
mod models;
mod recorded;
