//! The driver together with h5py, other writers, full disks, and files of others.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "../common/mod.rs"]
mod common;

mod changed_files;
mod checkpoints;
mod creation;
mod disk_full;
mod failures;
mod fixture;
mod journals;
mod locks;
mod opening;
mod other_files;
mod recoveries;
mod root;
mod small_disk;
mod space;
mod texts;
mod threads;
mod visibility;
