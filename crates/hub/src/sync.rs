//! The types that this crate uses to synchronise threads by hand.
//!
//! The models (`tests/model`) compile the same sources with a `sync` module of the model checker's
//! types in the place of this one.

pub(crate) use std::sync::atomic::AtomicBool;
pub(crate) use std::sync::{Mutex, MutexGuard};
pub(crate) use std::thread;
pub(crate) use std::thread_local;
