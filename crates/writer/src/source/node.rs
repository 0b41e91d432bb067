//! BLISS 1: scans as the Python module `bliss.data.node` publishes them.

mod dataset;
mod error;
mod info;
mod names;
mod points;
mod scan;
mod spool;
mod store;
mod stream;

pub use scan::NodeScan;
pub use store::{scan_store, spooling_scan_store};
