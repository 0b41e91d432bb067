//! The device class `NexusWriter`: one device for each BLISS session, asked about scans by name.
//!
//! What clients see is what `blisswriter` 2.0.0 shows them, down to the spelling of its texts, because
//! BLISS and people's scripts read them.

mod class;
mod device;
mod engine;
mod family;
mod house;
mod logs;
mod makedirs;
mod properties;
mod resources;
mod rows;
mod scans;
mod spectra;
mod table;
mod tango_logs;

pub use family::NexusWriterFamily;
pub use logs::{Level, Logs};
