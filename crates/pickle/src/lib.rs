//! Python pickles that BLISS publishes, and the numpy values in them.
//!
//! BLISS up to version 1.11 publishes metadata and data as pickles, programs for a small machine that
//! builds Python objects. This crate decodes the protocols 3, 4 and 5, as far as Python itself
//! writes them. It executes nothing: a class is a name, and a call is an [`Object`] with arguments.
//!
//! - [`decode()`] turns a pickle into a [`Value`].
//! - [`numpy`] interprets values as types, scalars and arrays of numpy, and [`datetime`] as times.
//! - [`to_json`] turns a value into JSON.
//! - `encode` (with the feature of that name) writes pickles, for publishers in tests and simulations.
//!
//! ```
//! use bytes::Bytes;
//! use pickle::numpy::Array;
//!
//! let pickle = Bytes::from_static(b"\x80\x04\x95\x0b\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.");
//! let value = pickle::decode(&pickle)?;
//! let dict = value.as_dict().ok_or("no dictionary")?;
//! assert_eq!(dict.get("a").and_then(|value| value.as_i64()), Some(1));
//!
//! let array = Array::decode(&Bytes::from_static(b"\x80\x04]\x94(K\x01K\x02e."))?;
//! assert_eq!((array.dtype.to_string().as_str(), array.shape.as_slice()), ("<i8", &[2][..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classify;
pub mod datetime;
mod decode;
mod dict;
#[cfg(feature = "encode")]
pub mod encode;
mod error;
mod json;
pub mod numpy;
mod value;

pub use num_bigint::BigInt;

pub use decode::{MAX_DEPTH, decode};
pub use dict::Dict;
pub use error::DecodeError;
pub use json::to_json;
pub use value::{Global, Object, Value};
