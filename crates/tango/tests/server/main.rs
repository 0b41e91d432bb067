//! The server of the example `echo`, as PyTango sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod calls;
mod database;
mod device_lifecycle;
mod events;
mod fixture;
mod interface;
mod logs;
mod stop;
mod stress;
mod values;
