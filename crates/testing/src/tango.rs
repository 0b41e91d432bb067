//! Tango: a database of the test's own, a client of its devices, and BLISS as one.

mod bliss;
mod client;
mod database;
mod device;

pub use bliss::{
    BlissClient, BlissScan, Dialect, MappingClient, MappingDialect, NexusClient, NexusDialect,
};
pub use client::TangoClient;
pub use database::{TangoDatabaseServer, free_port};
pub use device::{TangoDevice, TangoError, TangoErrorLevel};
