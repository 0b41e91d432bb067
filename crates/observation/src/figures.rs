//! The sections of an observation, one for each part that reports.

pub mod encoder;
pub mod hdf5;
pub mod lag;
pub mod queue;
pub mod redis;
pub mod session;
