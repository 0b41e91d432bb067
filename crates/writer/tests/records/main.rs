//! What a session writer remembers of its scans: for clients that ask at any time, in any thread.

#![allow(clippy::unwrap_used, reason = "tests")]

mod lives;
mod observed;
mod problems;
mod stage;
mod watching;
