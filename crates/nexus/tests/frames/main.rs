//! Frames that a detector saves itself: what h5py makes of them in another process.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod copies;
mod names;
mod raw;
mod support;
mod virtuals;
