//! Tango: a database of the test's own, and a client of its devices.

mod client;
mod database;
mod device;

pub use client::TangoClient;
pub use database::TangoDatabase;
pub use device::{TangoDevice, TangoError, TangoErrorLevel};
