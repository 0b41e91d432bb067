//! What a session writer remembers of its scans: for clients that ask at any time, in any thread.

#![allow(clippy::unwrap_used, reason = "tests")]

mod changes;
mod fixture;
mod observed;
mod problems;
mod scan_lifecycle;
