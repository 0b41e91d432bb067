//! Frames that a detector saves itself: what h5py makes of them in another process.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod found;
mod names;
mod raw;
mod readers;
mod support;
mod virtuals;
