//! Tests of saving: scans that are running, and scans with defects, each of which is reported as an error of
//! the part that is affected while everything else is saved.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod classic;
mod endings;
mod fixture;
mod layouts;
mod live;
mod logs;
mod paths;
mod resumed;
mod scans;
mod session_writer;
mod signals;
mod stores;
mod streams;
