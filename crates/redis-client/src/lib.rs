//! A client for one Redis server, made for replies of many megabytes and thousands of commands at once.
//!
//! - A [`RedisUrl`] says where a server is and how to log in. [`RedisUrl::discover`] finds the server of a
//!   beamline as BLISS programs do: by an explicit URL, by the environment, or through [`beacon`].
//! - A [`Connection`] speaks RESP2 over TCP, TLS or a Unix socket. It belongs to one user at a time.
//!   [`Connection::call`] sends a [`Command`] and decodes its reply to a [`Value`];
//!   [`Connection::call_raw`] returns the reply as it arrived, for replies of many megabytes that their reader
//!   decodes in place. [`Connection::queue`], [`Connection::flush`] and [`Connection::receive_raw`] are the
//!   steps that calls are made of: with them thousands of commands can be under way at once.
//!   [`Connection::open_observed`] has a connection report what it does to an
//!   [`Observation`](observation::Observation).
//! - A [`SharedConnection`] serves many users with short questions, and repeats those that get no answer.
//! - [`EntryScanner`] walks over the entries of streams in such a reply, and [`BatchSizer`] plans how many of them to
//!   ask for.
//! - A [`ReplyMemory`] bounds the replies of many readers: each asks for less when there are more of them.
//! - [`Backoff`] spaces out the attempts to reach a server that is away.
//!
//! This crate knows nothing about the data that a server holds.
//!
//! ```no_run
//! use redis_client::{Command, Connection, RedisUrl};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let url: RedisUrl = "redis://writer:secret@bl00:6380".parse()?;
//! let mut connection = Connection::open(&url).await?;
//! connection.call(&Command::new("SET").arg("answer").arg(42)).await?;
//! let answer = connection.call(&Command::new("GET").arg("answer")).await?;
//! assert_eq!(answer.as_int(), Some(42));
//! # Ok(())
//! # }
//! ```

mod backoff;
mod batch_sizer;
pub mod beacon;
mod buffered_transport;
mod classify;
mod command;
mod connection;
mod error;
mod meter;
mod reply_clock;
mod reply_memory;
mod reply_scanner;
mod server_memory;
mod shared_connection;
mod stream;
mod tls;
mod transport;
mod url;
mod value;

pub use backoff::Backoff;
pub use batch_sizer::{BatchSizer, ENTRY_OVERHEAD, ReadPlan, estimate_entry_size};
pub use command::{Arg, Command};
pub use connection::Connection;
pub use error::{RedisError, ServerError};
pub use reply_memory::{ReplyMemory, ReplyShare};
pub use server_memory::ServerMemory;
pub use shared_connection::SharedConnection;
pub use stream::{EntryId, EntryReplyError, EntryScanner, StreamHeader, parse_uint};
pub use tls::TlsError;
pub use url::{DiscoverError, Endpoint, RedisUrl, Trust, UrlError};
pub use value::Value;
