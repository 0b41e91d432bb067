//! The Redis protocol: one connection, its commands and replies.
//!
//! A [`Connection`] speaks RESP2 over TCP, TLS or a Unix socket. It belongs to one user at a
//! time. [`Connection::call`] sends a [`Command`] and decodes its reply to a [`Value`];
//! [`Connection::call_raw`] hands out the reply as it arrived, for replies of many megabytes
//! that their reader decodes in place. [`Connection::queue`], [`Connection::flush`] and
//! [`Connection::receive_raw`] are the steps of which calls are made: with them thousands of
//! commands can be under way at once.

mod command;
mod connection;
mod error;
mod scan;
mod tls;
mod transport;
mod value;
mod wire;

pub use command::{Arg, Command};
pub use connection::Connection;
pub use error::{RedisError, ServerError};
pub use value::Value;
