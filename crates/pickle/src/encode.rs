//! Writes pickles as CPython writes them.
//!
//! [`encode`] writes any [`Value`]. What BLISS publishes is made by functions: [`class`] and [`dtype`] are
//! the ways to publish a type, [`array()`] is data, [`datetime()`] a time; [`from_json`] makes info of JSON, and
//! plain values have `From`.
//!
//! ```
//! use bytes::Bytes;
//! use pickle::encode::{self, Protocol};
//! use pickle::numpy::{Array, Dtype};
//!
//! let data = Bytes::copy_from_slice(&1.5f64.to_le_bytes());
//! let point = Array::new(Dtype::FLOAT64, vec![], data)?;
//! let pickle = Bytes::from(encode::encode(&encode::array(&point), Protocol::V4));
//! assert_eq!(Array::decode(&pickle)?, point);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod construct;
mod pickler;

pub use construct::{array, class, datetime, dict, dtype, from_json, global, object};

use pickler::Pickler;

use crate::value::Value;

/// Protocol of a pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// What Python 3.7 writes.
    V3,
    /// What Python 3.8 to 3.13 write.
    V4,
}

/// Returns the pickle of a value, which has the opcodes of CPython: one that CPython has written in this
/// protocol is the same again after it was decoded. A `frozenset` becomes a `set`, and a
/// `collections.OrderedDict` a `dict`.
pub fn encode(value: &Value, protocol: Protocol) -> Vec<u8> {
    let mut pickler = Pickler::new(protocol);
    pickler.save(value);
    pickler.finish()
}
