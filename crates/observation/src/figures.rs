//! The sections of an observation, one for each part that reports.

pub mod disk;
pub mod encoder;
pub mod ended_scan;
pub mod group;
pub mod hdf5;
pub mod lag;
pub mod queue;
pub mod redis;
pub mod session;
pub mod tango;
