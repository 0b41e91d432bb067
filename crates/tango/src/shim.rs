//! The C interface to cppTango, made safe: the only module with unsafe code.
//!
//! Its parts declare what the headers of the same names in `shim/` declare. Borrowed strings and lists are
//! [`List`](convention::List)s with a lifetime, objects of the other side are references or owners. So the
//! declared functions can be called, and the callbacks can be written, in safe code.

mod convention;
pub mod database;
pub mod server;

pub use convention::{List, Text};
