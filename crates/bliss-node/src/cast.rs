//! Conversion of numbers to the declared type of their channel.
//!
//! BLISS converts data to the declared type before it publishes them. What is left is the byte order, numbers of Python
//! from other publishers, and channels that declare another type with their data than in their info. They are converted
//! as HDF5 converts them when h5py writes them: fractions are cut off, and numbers that are too large become the largest.

use acquisition::{DType, DTypeKind};
use bytes::Bytes;
use half::f16;
use pickle::numpy::{Array, Element};

/// Returns the elements of an array of type `from` in the type `to`, or `None` if they have no meaning in it: complex
/// numbers have none as real ones, and texts have none as numbers.
pub(crate) fn cast(array: &Array, from: DType, to: DType) -> Option<Bytes> {
    if from == to {
        return Some(array.data.clone());
    }
    if (from.kind, from.size) == (to.kind, to.size) {
        return Some(swapped(&array.data, to));
    }
    let mut data = Vec::with_capacity(array.len().checked_mul(to.size)?);
    for element in array.elements() {
        put(&mut data, &element, to)?;
    }
    Some(data.into())
}

/// Returns the data in the other byte order.
fn swapped(data: &Bytes, dtype: DType) -> Bytes {
    let part = match dtype.kind {
        DTypeKind::Complex => dtype.size / 2,
        _ => dtype.size,
    };
    let mut data = data.to_vec();
    for number in data.chunks_exact_mut(part) {
        number.reverse();
    }
    data.into()
}

/// Appends one element.
fn put(data: &mut Vec<u8>, element: &Element, to: DType) -> Option<()> {
    let start = data.len();
    match (to.kind, to.size) {
        (DTypeKind::Bool, _) => data.push(u8::from(element.is_truthy())),
        (DTypeKind::Float, 8) => data.extend(as_float(element)?.to_le_bytes()),
        (DTypeKind::Float, 4) => data.extend((as_float(element)? as f32).to_le_bytes()),
        (DTypeKind::Float, 2) => data.extend(f16::from_f64(as_float(element)?).to_le_bytes()),
        (DTypeKind::Int | DTypeKind::Uint, size) => {
            let (least, largest) = range(to).into_inner();
            let number = as_integer(element)?.clamp(least, largest);
            data.extend(number.to_le_bytes().get(..size)?);
        }
        (DTypeKind::Complex, size @ (8 | 16)) => {
            let (real, imaginary) = match element {
                Element::Complex(real, imaginary) => (*real, *imaginary),
                other => (as_float(other)?, 0.0),
            };
            for part in [real, imaginary] {
                match size {
                    8 => data.extend((part as f32).to_le_bytes()),
                    _ => data.extend(part.to_le_bytes()),
                }
            }
        }
        _ => return None,
    }
    if to.big_endian {
        let part = match to.kind {
            DTypeKind::Complex => to.size / 2,
            _ => to.size,
        };
        for number in data[start..].chunks_exact_mut(part) {
            number.reverse();
        }
    }
    Some(())
}

/// Returns the numbers that a type of integers can hold.
fn range(dtype: DType) -> std::ops::RangeInclusive<i128> {
    let bits = 8 * dtype.size.min(8) as u32;
    match dtype.kind {
        DTypeKind::Int => -(1 << (bits - 1))..=(1 << (bits - 1)) - 1,
        _ => 0..=(1 << bits) - 1,
    }
}

fn as_float(element: &Element) -> Option<f64> {
    match element {
        Element::Bool(value) => Some(f64::from(u8::from(*value))),
        Element::Int(value) => Some(*value as f64),
        Element::Uint(value) => Some(*value as f64),
        Element::Float(value) => Some(*value),
        Element::Complex(..) | Element::Text(_) | Element::Bytes(_) => None,
    }
}

fn as_integer(element: &Element) -> Option<i128> {
    match element {
        Element::Bool(value) => Some(i128::from(*value)),
        Element::Int(value) => Some(i128::from(*value)),
        Element::Uint(value) => Some(i128::from(*value)),
        Element::Float(value) => Some(*value as i128),
        _ => None,
    }
}
