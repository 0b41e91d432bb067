//! The types of elements that HDF5 stores.

use serde::{Deserialize, Serialize};

/// The order of the bytes of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ByteOrder {
    /// The least significant byte is first, as on all supported machines.
    #[default]
    Little,
    /// The most significant byte is first.
    Big,
}

/// The type of one element of a dataset or attribute.
///
/// The HDF5 types are those that h5py creates for the numpy type of the same name, so that readers in
/// Python get the type that was published.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ElementType {
    /// An enumeration over one signed byte: `FALSE` = 0, `TRUE` = 1.
    Bool,
    /// A signed integer of 1, 2, 4 or 8 bytes.
    Int(usize, ByteOrder),
    /// An unsigned integer of 1, 2, 4 or 8 bytes.
    Uint(usize, ByteOrder),
    /// An IEEE float of 2, 4 or 8 bytes, or the x87 extended type padded to 16 bytes.
    Float(usize, ByteOrder),
    /// A compound of `r` and `i`. The size is that of both parts together: 8, 16 or 32 bytes.
    Complex(usize, ByteOrder),
    /// A UTF-8 text of variable length.
    Text,
    /// An ASCII text of this many bytes, padded with NUL, like the `S` types of numpy.
    FixedText(usize),
    /// A compound of named members without padding.
    Compound(Vec<(String, ElementType)>),
}

impl ElementType {
    /// Returns the size of one element in bytes, or `None` if it contains text of variable length.
    pub fn size(&self) -> Option<usize> {
        match self {
            ElementType::Bool => Some(1),
            ElementType::FixedText(size) => Some(*size),
            ElementType::Int(size, _)
            | ElementType::Uint(size, _)
            | ElementType::Float(size, _)
            | ElementType::Complex(size, _) => Some(*size),
            ElementType::Text => None,
            ElementType::Compound(members) => members.iter().map(|(_, member)| member.size()).sum(),
        }
    }
}
