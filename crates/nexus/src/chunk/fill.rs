//! The fill value: the element that a dataset holds where no data were published.

use crate::tree::{ByteOrder, ElementType};

/// The bytes of one element that marks missing data: NaN for real floating-point types, 0 for all
/// others, as in the files of BLISS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FillValue {
    bytes: Vec<u8>,
}

impl FillValue {
    /// Returns the fill value for a type, or `None` for types whose elements have no fixed size.
    pub(crate) fn new(element: &ElementType) -> Option<FillValue> {
        let mut bytes = vec![0; element.size().filter(|&size| size > 0)?];
        if let ElementType::Float(size, order) = element {
            // These are the last bytes of the quiet NaN that numpy writes, in little-endian order.
            let (mark, end): (&[u8], usize) = match size {
                2 => (&[0x00, 0x7e], 2),
                4 => (&[0xc0, 0x7f], 4),
                8 => (&[0xf8, 0x7f], 8),
                // An 80-bit number, then padding. The format stores the integer bit explicitly.
                16 => (&[0xc0, 0xff, 0x7f], 10),
                _ => (&[], 0),
            };
            bytes[end - mark.len()..end].copy_from_slice(mark);
            if *order == ByteOrder::Big {
                bytes.reverse();
            }
        }
        Some(FillValue { bytes })
    }

    /// Returns the fill value for a type, where complex numbers have NaN in both parts instead of 0.
    pub(crate) fn with_complex_nan(element: &ElementType) -> Option<FillValue> {
        let ElementType::Complex(size, order) = element else {
            return FillValue::new(element);
        };
        let part = FillValue::new(&ElementType::Float(size / 2, *order))?;
        Some(FillValue {
            bytes: part.bytes.repeat(2),
        })
    }

    /// Returns the bytes of one element.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns `true` if all bytes are zero, as in data that HDF5 returns without ever having stored
    /// them.
    pub(crate) fn is_zero(&self) -> bool {
        self.bytes.iter().all(|&byte| byte == 0)
    }

    /// Sets all elements of `target` to the value. The length of `target` is a multiple of the size of
    /// an element.
    pub(crate) fn fill_slice(&self, target: &mut [u8]) {
        if self.is_zero() {
            return target.fill(0);
        }
        for element in target.chunks_exact_mut(self.bytes.len()) {
            element.copy_from_slice(&self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_filled_with_nan() {
        let fill = |element| FillValue::new(&element).unwrap().bytes;
        let double = fill(ElementType::Float(8, ByteOrder::Little));
        assert!(f64::from_le_bytes(double.try_into().unwrap()).is_nan());
        let single = fill(ElementType::Float(4, ByteOrder::Big));
        assert!(f32::from_be_bytes(single.try_into().unwrap()).is_nan());
        assert_eq!(fill(ElementType::Float(2, ByteOrder::Little)), [0, 0x7e]);
        assert_eq!(
            fill(ElementType::Float(16, ByteOrder::Little))[..11],
            [0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0x7f, 0]
        );
    }

    #[test]
    fn other_types_are_filled_with_zeros() {
        for element in [
            ElementType::Bool,
            ElementType::Int(4, ByteOrder::Big),
            ElementType::Complex(16, ByteOrder::Little),
        ] {
            let fill = FillValue::new(&element).unwrap();
            assert!(fill.is_zero());
            assert_eq!(Some(fill.bytes().len()), element.size());
        }
        assert_eq!(FillValue::new(&ElementType::Text), None);
        assert_eq!(FillValue::new(&ElementType::Compound(vec![])), None);
    }

    #[test]
    fn complex_numbers_may_be_filled_with_nan() {
        let element = ElementType::Complex(8, ByteOrder::Big);
        let fill = FillValue::with_complex_nan(&element).unwrap();
        assert_eq!(fill.bytes, [0x7f, 0xc0, 0, 0, 0x7f, 0xc0, 0, 0]);
        let real = ElementType::Float(4, ByteOrder::Little);
        assert_eq!(FillValue::with_complex_nan(&real), FillValue::new(&real));
    }

    #[test]
    fn the_value_is_repeated() {
        let fill = FillValue::new(&ElementType::Float(4, ByteOrder::Little)).unwrap();
        let mut target = [1; 12];
        fill.fill_slice(&mut target);
        assert_eq!(
            target,
            [0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f]
        );
    }
}
