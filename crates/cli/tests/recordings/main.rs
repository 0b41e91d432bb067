//! Compares our files with those of blisswriter 2.0.0, for scans that BLISS 2.2.1 published.
//!
//! Each recording has the file of blisswriter. `classic_differences.py` lists where ours differ on purpose,
//! and why. Recordings are saved from Redis afterwards, and followed while they
//! are replayed; the files also have to pass the validators.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod check;
mod comparison;
mod defects;
mod families;
mod follow;
mod resumed;
mod save;
