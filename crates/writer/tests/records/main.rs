//! Records of the scans of a session writer, for clients that read them at any time, in any thread.

#![allow(clippy::unwrap_used, reason = "tests")]

mod changes;
mod detectors;
mod earlier_scans;
mod fixture;
mod observed;
mod problems;
mod scan_lifecycle;
