//! The machine that executes pickles.

use bytes::Bytes;

use crate::error::DecodeError;
use crate::value::Value;

/// How deep values may be nested.
pub const MAX_DEPTH: usize = 100;

/// Decodes one pickle.
///
/// Bytes behind the end of the pickle are ignored, as Python does.
///
/// # Errors
/// If the pickle is incomplete, uses an opcode that Python does not write in the protocols 3 to 5, or exceeds a
/// bound.
pub fn decode(pickle: &Bytes) -> Result<Value, DecodeError> {
    todo!("{pickle:?}")
}
