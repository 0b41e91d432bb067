//! The reader against scans of the genuine Python publisher in a real Redis.

mod data;
mod ends;
mod faults;
mod live;
mod support;
