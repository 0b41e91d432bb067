//! The Tango devices, as BLISS and other clients use them: real executables, a real Tango database, a real
//! data store.
//!
//! With `NEXUS_WRITER_REFERENCE=DIRECTORY` the programs of that directory are tested instead: those of
//! blisswriter 2.0.0 (`NexusWriterService`), or 3.0.0 (`blisswriter`). This validates the tests. Those that
//! fail then test improvements of this program.

#![allow(clippy::unwrap_used, reason = "tests")]

mod concurrent_scans;
mod configuration;
mod database;
mod early_signals;
mod events;
mod fixture;
mod interface;
mod live_scan;
mod mapping_protocol;
mod mapping_requests;
mod monitored;
mod nexus_device;
mod nexus_protocol;
mod registration;
mod startup;
mod stop_and_restart;
