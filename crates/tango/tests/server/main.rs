//! The server of the example `echo`, as PyTango sees it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod calls;
mod database;
mod ends;
mod events;
mod interface;
mod lives;
mod logs;
mod stage;
mod stress;
mod values;
