//! Datasets of streams, as h5py sees them in another process, during the scan and after it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod compressed_grids;
mod continued;
mod declared;
mod grids;
mod observed;
mod replaced;
mod seen;
mod shapes;
mod stored;
mod support;
mod texts;
