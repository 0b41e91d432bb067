//! Publishes scans as BLISS does, in a private Redis: for demonstrations, tests and benchmarks.
//!
//! - [`redis`] runs a Redis server as a child process, and [`initialise()`] makes its empty database a data
//!   store for blissdata programs.
//! - [`publish`] publishes single scans: their states, streams and points.
//! - [`scans`] simulates whole scans, with motors, counters, spectra and images.
//!
//! The writer does not know this crate: what saves scans publishes none and starts no server.
//!
//! ```no_run
//! use acquisition::{DType, DTypeKind};
//! use blissdata::document::ScanIdentity;
//! use blissdata::store::DataStore;
//! use simulation::publish::{ScanPublisher, StreamDefinition};
//! use simulation::redis::{PrivateRedis, RedisOptions};
//!
//! # async fn example(id: ScanIdentity) -> Result<(), Box<dyn std::error::Error>> {
//! let redis = PrivateRedis::start(&RedisOptions::new()).await?;
//! let store = DataStore::connect(&redis.url()).await?;
//! simulation::initialise(&store).await?;
//!
//! let info = serde_json::json!({"title": "ascan m0 0 1 4 0.1"});
//! let mut scan = ScanPublisher::create(&store, id, info).await?;
//! let float = DType::native(DTypeKind::Float, 8)?;
//! let diode = scan.add_stream("diode", StreamDefinition::numeric(float, &[])).await?;
//! scan.prepare().await?;
//! scan.start().await?;
//! diode.send(&0.5f64.to_ne_bytes(), 1).await?;
//! scan.stop().await?;
//! scan.close("SUCCESS").await?;
//! # Ok(())
//! # }
//! ```

mod classify;
mod initialise;
pub mod publish;
pub mod redis;
pub mod scans;

pub use initialise::{InitialiseError, initialise};
