//! Pickles that CPython and numpy write, and what they make of ours.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod bounds;
mod description;
mod encoding;
mod json;
mod numpy_values;
mod objects;
mod peer;
mod python_pickles;
