//! What others can ask a writer that runs, and what it tells systemd.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod alerts;
mod browser;
mod files;
mod fixture;
mod full_disk;
mod health;
mod history;
mod live_data;
mod live_state;
mod metrics;
mod openapi;
mod page;
mod requests;
mod start;
mod systemd;
