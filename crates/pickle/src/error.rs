//! Why a pickle cannot be decoded.

use crate::MAX_DEPTH;

/// A pickle that Python does not write, or that exceeds a bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The pickle ends before its value is complete.
    #[error("the pickle ends at byte {at}, before its value is complete")]
    Truncated {
        /// Where it ends.
        at: usize,
    },
    /// An opcode that the protocols 3 to 5 do not need.
    #[error("unknown opcode {opcode:#04x} at byte {at} of the pickle")]
    UnknownOpcode {
        /// The opcode.
        opcode: u8,
        /// Where it is.
        at: usize,
    },
    /// An opcode that cannot be executed.
    #[error("the opcode at byte {at} of the pickle {problem}")]
    Invalid {
        /// Where the opcode is.
        at: usize,
        /// What is wrong, as the predicate of a sentence about the opcode.
        problem: &'static str,
    },
    /// A value that contains itself.
    #[error("the pickle holds a value that contains itself")]
    Cycle,
    /// Values in values in values.
    #[error("values are nested more than {MAX_DEPTH} deep in the pickle")]
    TooDeep,
    /// A small pickle that refers to the same values so often that it describes a huge one.
    #[error("the pickle has {bytes} bytes, but its value is out of proportion")]
    TooLarge {
        /// Length of the pickle.
        bytes: usize,
    },
}
