//! The type of the numbers of a channel.

use std::fmt;

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// 0 or 1, in one byte.
    Bool,
    /// A signed integer.
    Int,
    /// An unsigned integer.
    Uint,
    /// An IEEE float.
    Float,
}

/// The type of the numbers of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberType {
    /// What kind of number it is.
    pub kind: NumberKind,
    /// Size in bytes.
    pub size: usize,
    /// Set if the first byte is the most significant one.
    pub is_big_endian: bool,
}

/// Formats the type as numpy does: `<f8`.
impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let order = match (self.size, self.is_big_endian) {
            (1, _) => '|',
            (_, false) => '<',
            (_, true) => '>',
        };
        let kind = match self.kind {
            NumberKind::Bool => 'b',
            NumberKind::Int => 'i',
            NumberKind::Uint => 'u',
            NumberKind::Float => 'f',
        };
        write!(f, "{order}{kind}{}", self.size)
    }
}

impl NumberType {
    /// Returns the numbers in these bytes. A type that is not supported has none.
    pub fn decode(self, bytes: &[u8]) -> Vec<f64> {
        use NumberKind::{Bool, Float, Int, Uint};
        match (self.kind, self.size) {
            (Bool | Uint, 1) => bytes.iter().map(|byte| f64::from(*byte)).collect(),
            (Int, 1) => bytes.iter().map(|byte| f64::from(*byte as i8)).collect(),
            (Uint, 2) => self.each(bytes, |bytes| u16::from_le_bytes(bytes).into()),
            (Int, 2) => self.each(bytes, |bytes| i16::from_le_bytes(bytes).into()),
            (Float, 2) => self.each(bytes, |bytes| half(u16::from_le_bytes(bytes))),
            (Uint, 4) => self.each(bytes, |bytes| u32::from_le_bytes(bytes).into()),
            (Int, 4) => self.each(bytes, |bytes| i32::from_le_bytes(bytes).into()),
            (Float, 4) => self.each(bytes, |bytes| f32::from_le_bytes(bytes).into()),
            (Uint, 8) => self.each(bytes, |bytes| u64::from_le_bytes(bytes) as f64),
            (Int, 8) => self.each(bytes, |bytes| i64::from_le_bytes(bytes) as f64),
            (Float, 8) => self.each(bytes, f64::from_le_bytes),
            _ => Vec::new(),
        }
    }

    fn each<const N: usize>(self, bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        let (numbers, _) = bytes.as_chunks::<N>();
        let in_order = |bytes: &[u8; N]| {
            let mut bytes = *bytes;
            if self.is_big_endian {
                bytes.reverse();
            }
            number(bytes)
        };
        numbers.iter().map(in_order).collect()
    }
}

/// Returns the value of an IEEE float of two bytes.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    sign * match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number_type(kind: NumberKind, size: usize, is_big_endian: bool) -> NumberType {
        NumberType {
            kind,
            size,
            is_big_endian,
        }
    }

    #[test]
    fn numbers_of_all_types_are_read() {
        use NumberKind::{Bool, Float, Int, Uint};
        for (kind, size, bytes, value) in [
            (Bool, 1, &[1][..], 1.0),
            (Int, 1, &[0xff], -1.0),
            (Uint, 1, &[0xff], 255.0),
            (Int, 2, &(-300i16).to_le_bytes(), -300.0),
            (Uint, 2, &60_000u16.to_le_bytes(), 60_000.0),
            (Float, 2, &0x3e00u16.to_le_bytes(), 1.5),
            (Int, 4, &(-70_000i32).to_le_bytes(), -70_000.0),
            (Uint, 4, &u32::MAX.to_le_bytes(), 4_294_967_295.0),
            (Float, 4, &0.25f32.to_le_bytes(), 0.25),
            (Int, 8, &(-1i64).to_le_bytes(), -1.0),
            (Uint, 8, &(1u64 << 40).to_le_bytes(), 1_099_511_627_776.0),
            (Float, 8, &(-0.1f64).to_le_bytes(), -0.1),
        ] {
            let little = number_type(kind, size, false);
            assert_eq!(little.decode(bytes), [value], "{little}");
            let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
            let big = number_type(kind, size, true);
            assert_eq!(big.decode(&reversed), [value], "{big}");
        }
        let halves = [0u16, 0xbc00, 0x0001, 0x7c00];
        let bytes: Vec<u8> = halves.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let values = [0.0, -1.0, 2f64.powi(-24), f64::INFINITY];
        assert_eq!(number_type(Float, 2, false).decode(&bytes), values);
        // Numbers that no type of Rust holds.
        assert!(number_type(Float, 16, false).decode(&[0; 32]).is_empty());
    }

    #[test]
    fn types_are_called_as_in_numpy() {
        let names = [
            number_type(NumberKind::Float, 8, false),
            number_type(NumberKind::Uint, 2, true),
            number_type(NumberKind::Int, 1, false),
        ];
        let names = names.map(|name| name.to_string());
        assert_eq!(names, ["<f8", ">u2", "|i1"]);
    }
}
