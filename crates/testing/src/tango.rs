//! Tango: a database for one test, a client of its devices, and a client that behaves as BLISS.

mod bliss;
mod client;
mod database;
mod device;

pub use bliss::{
    BlissClient, BlissScan, MappingClient, MappingProtocol, NexusClient, NexusProtocol,
    WriterProtocol,
};
pub use client::TangoClient;
pub use database::{TangoDatabaseServer, free_port};
pub use device::{TangoDevice, TangoError, TangoErrorLevel};
