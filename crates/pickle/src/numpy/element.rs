//! Elements of arrays.

/// One element of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A number of 2, 4 or 8 bytes, or one of extended precision, rounded to the nearest `f64`.
    Float(f64),
    /// The real and the imaginary part.
    Complex(f64, f64),
    /// A text without the padding.
    Text(String),
    /// A byte string without the padding.
    Bytes(Vec<u8>),
}

impl Element {
    /// Returns what Python's `bool()` returns for the element.
    pub fn is_truthy(&self) -> bool {
        match self {
            Element::Bool(value) => *value,
            Element::Int(value) => *value != 0,
            Element::Uint(value) => *value != 0,
            Element::Float(value) => *value != 0.0,
            Element::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Element::Text(text) => !text.is_empty(),
            Element::Bytes(bytes) => !bytes.is_empty(),
        }
    }
}
