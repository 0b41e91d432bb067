//! Types of elements, in the four ways in which BLISS publishes them.

use std::fmt;
use std::str::FromStr;

use crate::value::{Global, Object, Value};

/// Type of an element: what it is, how many bytes it has, in which order they are.
///
/// Displayed as a numpy protocol string, such as `<f8`, `|b1` or `<U3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dtype {
    /// What kind of element.
    pub kind: DtypeKind,
    /// Bytes of one element. For texts and byte strings 0 means that the length is unknown.
    pub size: usize,
    /// Order of the bytes of numbers and of the code points of texts; always little-endian if they have only
    /// one byte.
    pub order: ByteOrder,
}

/// Kind of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DtypeKind {
    /// Truth value in one byte, 0 or 1.
    Bool,
    /// Signed integer of 1, 2, 4 or 8 bytes.
    Int,
    /// Unsigned integer of 1, 2, 4 or 8 bytes.
    Uint,
    /// IEEE number of 2, 4 or 8 bytes, or x86 extended precision padded to 16.
    Float,
    /// Real and imaginary part, 8, 16 or 32 bytes together.
    Complex,
    /// Text: code points of 4 bytes, padded with zeros at the end.
    Text,
    /// Byte string, padded with zeros at the end.
    Bytes,
}

/// Order of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The least significant byte is the first.
    Little,
    /// The most significant byte is the first.
    Big,
}

/// A type of elements that is not supported: structures, times, objects, or nothing that numpy knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unsupported type of elements {0}")]
pub struct DtypeError(String);

impl DtypeError {
    /// Creates the error about `what`, which is no type of elements.
    pub(super) fn new(what: impl Into<String>) -> DtypeError {
        DtypeError(what.into())
    }
}

impl Dtype {
    /// Little-endian numbers of 8 bytes, the `float` of Python.
    pub const FLOAT64: Dtype = Dtype::little(DtypeKind::Float, 8);
    /// Little-endian signed integers of 8 bytes, the `int` of Python.
    pub const INT64: Dtype = Dtype::little(DtypeKind::Int, 8);
    /// Truth values, the `bool` of Python.
    pub const BOOL: Dtype = Dtype::little(DtypeKind::Bool, 1);
    /// Little-endian complex numbers of 16 bytes, the `complex` of Python.
    pub const COMPLEX128: Dtype = Dtype::little(DtypeKind::Complex, 16);
    /// Texts of unknown length, the `str` of Python.
    pub const TEXT: Dtype = Dtype::little(DtypeKind::Text, 0);

    /// Returns the little-endian type of this kind and size, which numpy must have.
    pub(super) const fn little(kind: DtypeKind, size: usize) -> Dtype {
        Dtype {
            kind,
            size,
            order: ByteOrder::Little,
        }
    }

    /// Parses a type as numpy accepts it: `float64`, `<f4`, `>i2`, `?`, `U3`. What has no byte order, or the native
    /// one, is little-endian, as the hosts are that run BLISS.
    ///
    /// # Errors
    /// If numpy does not know the type, or it is not supported.
    pub fn parse(text: &str) -> Result<Dtype, DtypeError> {
        let (order, code) = match text.as_bytes() {
            [b'>', ..] => (ByteOrder::Big, &text[1..]),
            [b'<' | b'=' | b'|', ..] => (ByteOrder::Little, &text[1..]),
            _ => (ByteOrder::Little, text),
        };
        Dtype::from_code(code.as_bytes(), order)
            .or_else(|| Dtype::from_name(code, order))
            .ok_or_else(|| DtypeError(format!("{text:?}")))
    }

    /// Returns the type that a value means, in one of the four ways in which BLISS publishes it: a class of numpy,
    /// a class of Python, a `numpy.dtype`, or a text. `None` means that it is unknown.
    ///
    /// # Errors
    /// If the value is something else, or the type is not supported.
    pub fn of(value: &Value) -> Result<Option<Dtype>, DtypeError> {
        match value {
            Value::None => Ok(None),
            Value::Text(text) => Dtype::parse(text).map(Some),
            Value::Global(global) => Dtype::of_class(global).map(Some),
            Value::Object(object) => Dtype::of_object(object).map(Some),
            other => Err(DtypeError(format!("{other:?}"))),
        }
    }

    fn of_class(class: &Global) -> Result<Dtype, DtypeError> {
        match &*class.module {
            "numpy" | "builtins" => Dtype::from_name(&class.name, ByteOrder::Little),
            _ => None,
        }
        .ok_or_else(|| DtypeError(class.to_string()))
    }

    /// Returns the type that an object of class `numpy.dtype` is.
    fn of_object(object: &Object) -> Result<Dtype, DtypeError> {
        let unsupported = || match object.class() {
            Some(class) => DtypeError(format!("{class}{:?}", object.arguments)),
            None => DtypeError("that an unnamed function returns".to_owned()),
        };
        if !object.is("numpy", "dtype") {
            return Err(unsupported());
        }
        let code = object.arguments.first().and_then(Value::as_text);
        let code = code.ok_or_else(unsupported)?;
        let order = match object.state.as_list() {
            // A type without a state has the native order.
            None if object.state.is_none() => ByteOrder::Little,
            // The three are those of types that have elements of other types.
            Some([_, order, Value::None, Value::None, Value::None, _, _, _]) => {
                order_of(order.as_text().unwrap_or_default().as_bytes()).ok_or_else(unsupported)?
            }
            _ => return Err(unsupported()),
        };
        Dtype::from_code(code.as_bytes(), order).ok_or_else(unsupported)
    }

    /// Returns the type of a kind and a size, such as `f8`.
    pub(super) fn from_code(code: &[u8], order: ByteOrder) -> Option<Dtype> {
        let (kind, digits) = code.split_first()?;
        let mut size = 0usize;
        for digit in digits {
            let digit = digit.is_ascii_digit().then(|| usize::from(digit - b'0'))?;
            size = size.checked_mul(10)?.checked_add(digit)?;
        }
        let kind = match (kind, size) {
            (b'b', 1) => DtypeKind::Bool,
            (b'i', 1 | 2 | 4 | 8) => DtypeKind::Int,
            (b'u', 1 | 2 | 4 | 8) => DtypeKind::Uint,
            (b'f', 2 | 4 | 8 | 16) => DtypeKind::Float,
            (b'c', 8 | 16 | 32) => DtypeKind::Complex,
            (b'U', _) => DtypeKind::Text,
            (b'S' | b'a', _) => DtypeKind::Bytes,
            _ => return None,
        };
        let size = match kind {
            DtypeKind::Text => size.checked_mul(4)?,
            _ => size,
        };
        Some(Dtype { kind, size, order }.normalised())
    }

    /// Returns the type that has this name or letter in numpy, or this name in Python.
    fn from_name(name: &str, order: ByteOrder) -> Option<Dtype> {
        let code: &[u8] = match name {
            "bool" | "bool_" | "bool8" | "?" => b"b1",
            "int8" | "byte" | "b" => b"i1",
            "int16" | "short" | "h" => b"i2",
            "int32" | "intc" | "i" => b"i4",
            "int64" | "int" | "int_" | "long" | "longlong" | "intp" | "l" | "q" | "p" => b"i8",
            "uint8" | "ubyte" | "B" => b"u1",
            "uint16" | "ushort" | "H" => b"u2",
            "uint32" | "uintc" | "I" => b"u4",
            "uint64" | "uint" | "ulong" | "ulonglong" | "uintp" | "L" | "Q" | "P" => b"u8",
            "float16" | "half" | "e" => b"f2",
            "float32" | "single" | "f" => b"f4",
            "float64" | "float" | "float_" | "double" | "d" => b"f8",
            "float128" | "longdouble" | "longfloat" | "g" => b"f16",
            "complex64" | "csingle" | "singlecomplex" | "F" => b"c8",
            "complex128" | "complex" | "complex_" | "cdouble" | "cfloat" | "D" => b"c16",
            "complex256" | "clongdouble" | "clongfloat" | "longcomplex" | "G" => b"c32",
            "str" | "str_" | "unicode" | "unicode_" => b"U",
            "bytes" | "bytes_" | "string_" => b"S",
            _ => return None,
        };
        Dtype::from_code(code, order)
    }

    /// Returns how many bytes are reversed when the order of bytes changes: 1 if none are.
    pub(super) fn unit(&self) -> usize {
        match self.kind {
            DtypeKind::Complex => self.size / 2,
            DtypeKind::Text => 4,
            DtypeKind::Bytes => 1,
            _ => self.size,
        }
    }

    fn normalised(mut self) -> Dtype {
        if self.unit() == 1 {
            self.order = ByteOrder::Little;
        }
        self
    }
}

/// Returns the order that a letter of numpy means.
pub(super) fn order_of(letter: &[u8]) -> Option<ByteOrder> {
    match letter {
        b">" => Some(ByteOrder::Big),
        b"<" | b"|" | b"=" => Some(ByteOrder::Little),
        _ => None,
    }
}

impl FromStr for Dtype {
    type Err = DtypeError;

    fn from_str(text: &str) -> Result<Dtype, DtypeError> {
        Dtype::parse(text)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match (self.unit(), self.order) {
            (1, _) => '|',
            (_, ByteOrder::Big) => '>',
            (_, ByteOrder::Little) => '<',
        };
        let (kind, size) = match self.kind {
            DtypeKind::Bool => ('b', self.size),
            DtypeKind::Int => ('i', self.size),
            DtypeKind::Uint => ('u', self.size),
            DtypeKind::Float => ('f', self.size),
            DtypeKind::Complex => ('c', self.size),
            DtypeKind::Text => ('U', self.size / 4),
            DtypeKind::Bytes => ('S', self.size),
        };
        write!(f, "{order}{kind}{size}")
    }
}
