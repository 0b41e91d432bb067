//! Scans of BLISS 1.11 in Redis: find them, read their streams.
//!
//! BLISS up to version 1.11 publishes everything as a tree of *nodes* in a plain Redis: sessions, the parts of a data
//! directory, scans, devices and channels. Metadata and data are Python pickles. This crate reads the model that the
//! Python packages `bliss.data` and `blissdata` 0.3 write; it does not write nodes.
//!
//! - A [`store`] is a server that holds nodes. [`key`] and [`node`] say what nodes are called, and what they are.
//! - [`discovery`] finds new scans, below one session or all of them.
//! - [`shared_scans`] hands out new scans, each to one member of a group of writers.
//! - [`reader`] follows one scan: its info, its channels and their data.
//! - [`spool`] keeps on disk what Redis is about to drop.
//! - [`event`] and [`points`] decode the entries of streams, [`lima`] what they say about detectors that save their
//!   images themselves.
//! - `publish` (with the feature of that name) publishes scans, for tests and simulations.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use bliss_node::discovery::{ScanDiscovery, Scope, Start};
//! use bliss_node::reader::ScanReader;
//! use bliss_node::store::NodeStore;
//! use redis_client::RedisUrl;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let url = RedisUrl::discover(None).await?;
//! let store = NodeStore::new(&url);
//! let mut scans = ScanDiscovery::new(&store, Scope::AllSessions, Start::Now);
//! loop {
//!     for scan in scans.next(Duration::from_secs(1)).await? {
//!         let reader = ScanReader::open(&store, &scan.key).await?;
//!         println!("{}: {:?}", scan.key, reader.info().text("title"));
//!     }
//! }
//! # }
//! ```

mod cast;
mod classify;
pub mod discovery;
mod error;
pub mod event;
pub mod key;
pub mod lima;
pub mod node;
mod node_connection;
pub mod points;
#[cfg(feature = "publish")]
pub mod publish;
pub mod reader;
pub mod shared_scans;
pub mod spool;
pub mod store;

pub use error::NodeError;
