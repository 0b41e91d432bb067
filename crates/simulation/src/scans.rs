//! Simulated scans, published as BLISS publishes its own.
//!
//! A [`ScanPlan`] says what to simulate. From it follow the motors, the channels with their data, the scan info
//! with the layout of the file, and the pace at which [`publish_scan`] sends it all. Apart from the time of the day,
//! the data depend only on the plan: two runs publish the same, in whichever data model of a [`ModelStore`].
//!
//! ```no_run
//! use blissdata::store::DataStore;
//! use hub::Event;
//! use simulation::scans::{ImageSize, ModelStore, ScanKind, ScanPlan, publish_scan};
//!
//! # async fn example(store: DataStore) -> Result<(), Box<dyn std::error::Error>> {
//! let plan = ScanPlan {
//!     kind: ScanKind::Mesh,
//!     number: 1,
//!     points: 300,
//!     counters: 4,
//!     detectors: 1,
//!     mca_size: 1024,
//!     image_size: ImageSize { height: 120, width: 160 },
//!     rate: 50.0,
//!     batch: 1,
//!     file: "/data/simulated.h5".to_owned(),
//!     session: "demo".to_owned(),
//!     seed: 0,
//! };
//! let store = ModelStore::Blissdata(store);
//! publish_scan(&store, &plan, &Event::new(), |key, channels| println!("{key} has {channels} channels")).await?;
//! # Ok(())
//! # }
//! ```

mod blissdata;
mod channel;
mod error;
mod info;
mod layout;
mod live_scan;
mod motor;
mod node;
mod plan;
mod point_timer;
mod publish;
mod signal;
mod store;

pub use error::SimulationError;
pub use plan::{ImageSize, ScanKind, ScanPlan};
pub use publish::publish_scan;
pub use store::ModelStore;
