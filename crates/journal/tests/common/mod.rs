//! What the tests share.

#![allow(dead_code, reason = "each test program uses a part")]

pub mod hdf5;
pub mod scans;
