//! The reader against scans of the genuine Python publisher in a real Redis.

// Clippy takes only the test functions themselves for tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod data;
mod ends;
mod faults;
mod heads;
mod live;
mod spool;
mod support;
