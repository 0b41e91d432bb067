//! Writes pickles as CPython does.

use crate::value::Value;

/// Protocol of a pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// What Python 3.7 writes.
    V3,
    /// What Python 3.8 to 3.13 write.
    V4,
}

/// Returns the pickle of a value.
pub fn encode(value: &Value, protocol: Protocol) -> Vec<u8> {
    todo!("{value:?} {protocol:?}")
}
