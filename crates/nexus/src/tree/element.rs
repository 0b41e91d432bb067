//! Types of one element, as HDF5 stores them.

/// Order of the bytes of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ByteOrder {
    /// Least significant byte first, as on every supported machine.
    #[default]
    Little,
    /// Most significant byte first.
    Big,
}

/// Type of one element of a dataset or attribute.
///
/// The HDF5 types are those that h5py makes for the numpy type of the same name, so that readers
/// in Python get the type that was published.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// Enumeration over one signed byte: `FALSE` = 0, `TRUE` = 1.
    Bool,
    /// Signed integer of 1, 2, 4 or 8 bytes.
    Int(usize, ByteOrder),
    /// Unsigned integer of 1, 2, 4 or 8 bytes.
    Uint(usize, ByteOrder),
    /// IEEE float of 2, 4 or 8 bytes, or 16 for the x86 extended type padded to 16 bytes.
    Float(usize, ByteOrder),
    /// Compound of `r` and `i`; the size is that of both parts together: 8, 16 or 32 bytes.
    Complex(usize, ByteOrder),
    /// Variable-length UTF-8 text.
    Text,
    /// ASCII text of this many bytes, padded with NUL: the `S` types of numpy.
    FixedText(usize),
    /// Packed compound of named members.
    Compound(Vec<(String, ElementType)>),
}

impl ElementType {
    /// Bytes of one element as they lie in a payload; `None` if it holds text, whose bytes lie
    /// elsewhere.
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
