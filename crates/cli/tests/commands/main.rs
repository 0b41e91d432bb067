//! The commands as a user meets them: what they print, what they leave, how they end.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod check;
mod demo;
mod logs;
mod simulate;
mod stage;
mod tree;
mod usage;
