//! Simulated scans, published as BLISS publishes its own.
//!
//! A [`ScanPlan`] says what to simulate. From it follow the motors and the
//! [`Channel`](channel::Channel)s with their data, the scan info with the layout of the file
//! ([`info`], [`layout`]), and the pace at which [`publish()`] sends it all. Apart from the time of
//! the day, the data depend only on the plan: two runs publish the same.

mod channel;
mod info;
mod layout;
mod motor;
mod number;
mod pace;
mod plan;
mod publish;
mod signal;

pub use number::free_number;
pub use plan::{ImageSize, ScanKind, ScanPlan};
pub use publish::publish;
