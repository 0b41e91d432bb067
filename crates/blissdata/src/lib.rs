//! BLISS scans in Redis: follow them, read their streams, publish them.
//!
//! BLISS, the control system of the ESRF beamlines, publishes each scan as a JSON document and one
//! Redis stream per channel. This crate is a client for that data store, compatible with protocol
//! version 1 of the Python package `blissdata` (1.1 to 2.4).

pub mod backoff;
pub mod beacon;
pub mod document;
pub mod embedded;
pub mod encoding;
pub mod entries;
pub mod json;
pub mod kinds;
pub mod reader;
pub mod publish;
pub mod resp;
pub mod store;
pub mod url;
