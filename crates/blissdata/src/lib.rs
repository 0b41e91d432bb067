//! BLISS scans in Redis: follow them, read their streams.
//!
//! BLISS, the control system of the ESRF beamlines, publishes each scan as a JSON document and one
//! Redis stream per channel. This crate is a client for that data store, compatible with protocol
//! version 1 of the Python package `blissdata` (1.1 to 2.4).
//!
//! - [`store`] is the store: whether it is ready, which scans there are, which ones begin. It is reached
//!   through a [`RedisUrl`](redis_client::RedisUrl).
//! - [`document`] describes a scan, [`encoding`] and [`stream_kind`] its streams, and [`reader`] follows
//!   them while the scan runs.
//! - [`spool`] keeps on disk what Redis is about to drop.
//! - [`entries`] and [`json`] are what the others are built on.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use blissdata::reader::ScanReader;
//! use blissdata::store::{DataStore, History};
//! use redis_client::RedisUrl;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let url = RedisUrl::discover(None).await?;
//! let store = DataStore::new(&url);
//! store.wait_ready().await?;
//! let mut history = History::from_now(&store).await?;
//! loop {
//!     for (_, key) in history.next(Duration::from_secs(1)).await? {
//!         let scan = ScanReader::open(&store, &key).await?;
//!         println!("{key}: {} {}", scan.document().id.name, scan.document().id.number);
//!     }
//! }
//! # }
//! ```

mod classify;
pub mod document;
pub mod encoding;
pub mod entries;
pub mod json;
pub mod reader;
pub mod spool;
pub mod store;
pub mod stream_kind;
