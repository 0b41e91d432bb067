//! Tests of saving: scans that are running, and scans with defects, each of which is reported as an error of
//! the part that is affected while everything else is saved.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod classic;
mod detector_files;
mod endings;
mod environment;
mod fixture;
mod full_disks;
mod interference;
mod layouts;
mod link_files;
mod live;
mod logs;
mod margins;
mod memory;
mod networks;
mod paths;
mod publishers;
mod redis_faults;
mod resumed;
mod scans;
mod session_writer;
mod several_writers;
mod signals;
mod silence;
mod soak;
mod spool;
mod stores;
mod streams;
