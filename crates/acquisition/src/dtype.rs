//! Types of numbers, in the spelling of numpy.

use std::fmt;
use std::str::FromStr;

/// Type of one number: what it is, how many bytes it has, in which order they are.
///
/// Parsed from numpy's array protocol strings (`<f8`, `>u2`, `|b1`, also `=` and no byte order for
/// native) and from numpy's names (`float64`, always native). Displayed as the former.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DType {
    /// What kind of number.
    pub kind: DTypeKind,
    /// Bytes of one number.
    pub size: usize,
    /// Most significant byte first. Always false for numbers of one byte.
    pub big_endian: bool,
}

/// Kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DTypeKind {
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
}

/// A type of number that streams cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown type of number {0:?}")]
pub struct DTypeError(String);

impl DTypeError {
    /// Creates the error about `text`, which is not a type of numbers.
    pub fn new(text: &str) -> DTypeError {
        DTypeError(text.to_owned())
    }
}

impl DType {
    /// The type of this kind and size in the byte order of this machine.
    ///
    /// # Errors
    /// When numpy has no number of that size.
    pub fn native(kind: DTypeKind, size: usize) -> Result<DType, DTypeError> {
        let known = match kind {
            DTypeKind::Bool => size == 1,
            DTypeKind::Int | DTypeKind::Uint => matches!(size, 1 | 2 | 4 | 8),
            DTypeKind::Float => matches!(size, 2 | 4 | 8 | 16),
            DTypeKind::Complex => matches!(size, 8 | 16 | 32),
        };
        match known {
            true => Ok(DType {
                kind,
                size,
                big_endian: cfg!(target_endian = "big") && size > 1,
            }),
            false => Err(DTypeError(format!("{kind:?} of {size} bytes"))),
        }
    }

    /// numpy's name of the type, which does not tell the byte order: `float64`, `bool`.
    pub fn name(&self) -> String {
        let stem = match self.kind {
            DTypeKind::Bool => return "bool".to_owned(),
            DTypeKind::Int => "int",
            DTypeKind::Uint => "uint",
            DTypeKind::Float => "float",
            DTypeKind::Complex => "complex",
        };
        format!("{stem}{}", self.size * 8)
    }

    fn from_name(name: &str) -> Option<DType> {
        if name == "bool" || name == "bool_" || name == "?" {
            return DType::native(DTypeKind::Bool, 1).ok();
        }
        let digits = name.find(|letter: char| letter.is_ascii_digit())?;
        let kind = match &name[..digits] {
            "int" => DTypeKind::Int,
            "uint" => DTypeKind::Uint,
            "float" => DTypeKind::Float,
            "complex" => DTypeKind::Complex,
            _ => return None,
        };
        let bits: usize = name[digits..].parse().ok()?;
        // A size in bits that is no whole number of bytes would pass as the next smaller type.
        bits.is_multiple_of(8)
            .then(|| DType::native(kind, bits / 8).ok())?
    }

    fn from_protocol(text: &str) -> Option<DType> {
        let (order, rest) = match text.as_bytes().first()? {
            b'<' | b'>' | b'=' | b'|' => (text.as_bytes().first().copied(), &text[1..]),
            _ => (None, text),
        };
        let kind = match rest.as_bytes().first()? {
            b'b' => DTypeKind::Bool,
            b'i' => DTypeKind::Int,
            b'u' => DTypeKind::Uint,
            b'f' => DTypeKind::Float,
            b'c' => DTypeKind::Complex,
            _ => return None,
        };
        let digits = &rest[1..];
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let native = DType::native(kind, digits.parse().ok()?).ok()?;
        let big_endian = match order {
            _ if native.size == 1 => false,
            Some(b'>') => true,
            Some(b'<') => false,
            _ => native.big_endian,
        };
        Some(DType {
            big_endian,
            ..native
        })
    }
}

impl FromStr for DType {
    type Err = DTypeError;

    fn from_str(text: &str) -> Result<DType, DTypeError> {
        DType::from_protocol(text)
            .or_else(|| DType::from_name(text))
            .ok_or_else(|| DTypeError::new(text))
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match (self.size, self.big_endian) {
            (1, _) => '|',
            (_, true) => '>',
            (_, false) => '<',
        };
        let kind = match self.kind {
            DTypeKind::Bool => 'b',
            DTypeKind::Int => 'i',
            DTypeKind::Uint => 'u',
            DTypeKind::Float => 'f',
            DTypeKind::Complex => 'c',
        };
        write!(f, "{order}{kind}{}", self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_form_is_kept() {
        let mut forms = vec!["|b1".to_owned(), "|i1".to_owned(), "|u1".to_owned()];
        for order in ['<', '>'] {
            for rest in [
                "i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "c32",
            ] {
                forms.push(format!("{order}{rest}"));
            }
        }
        for form in forms {
            assert_eq!(form.parse::<DType>().unwrap().to_string(), form);
        }
    }

    #[test]
    fn native_forms_and_names() {
        let native = DType::native(DTypeKind::Float, 8).unwrap();
        for form in ["f8", "=f8", "float64"] {
            assert_eq!(form.parse(), Ok(native), "{form}");
        }
        assert_eq!(native.name(), "float64");
        for form in ["bool", "?", ">b1", "b1"] {
            assert_eq!(form.parse::<DType>().unwrap().to_string(), "|b1", "{form}");
        }
        assert_eq!("|b1".parse::<DType>().unwrap().name(), "bool");
        assert_eq!("complex64".parse::<DType>().unwrap().size, 8);
    }

    #[test]
    fn others_are_refused() {
        for form in [
            "", "<", "f", "<f3", "<i16", "<U8", "|O", "<M8[ns]", "f+8", "int7", "µ8", "<µ",
        ] {
            assert!(form.parse::<DType>().is_err(), "{form}");
        }
    }
}
