//! Scans that BLISS 2.2.1 published become the same files as with blisswriter 2.0.0.
//!
//! What the reference made of each recording is kept with it; `classic_differences.py` tells where ours
//! differ on purpose, and why. Recordings are saved from Redis afterwards, and followed while they
//! are replayed; the files also have to pass the validators.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod check;
mod comparison;
mod defects;
mod families;
mod follow;
mod resumed;
mod save;
