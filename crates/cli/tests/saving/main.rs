//! How scans are saved: while they run, and whatever comes in wrong. That gives a clear error where
//! it belongs, and everything else is saved.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod classic;
mod layouts;
mod live;
mod paths;
mod resumed;
mod scans;
mod session_writer;
mod signals;
mod stage;
mod stores;
mod streams;
