//! Elements of arrays.

use std::iter::FusedIterator;

use super::array::Array;
use super::dtype::{ByteOrder, Dtype, DtypeKind};

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
    /// The real and the imaginary part, rounded likewise.
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

    fn of(dtype: &Dtype, bytes: &[u8]) -> Element {
        let order = dtype.order;
        match dtype.kind {
            DtypeKind::Bool => Element::Bool(unsigned(bytes, order) != 0),
            DtypeKind::Uint => Element::Uint(unsigned(bytes, order)),
            DtypeKind::Int => {
                let unused = 64 - 8 * bytes.len().clamp(1, 8);
                Element::Int((unsigned(bytes, order) << unused) as i64 >> unused)
            }
            DtypeKind::Float => Element::Float(float(bytes, order)),
            DtypeKind::Complex => {
                let (real, imaginary) = bytes.split_at(bytes.len() / 2);
                Element::Complex(float(real, order), float(imaginary, order))
            }
            DtypeKind::Text => {
                let points = bytes.chunks_exact(4);
                let text = points.map(|point| character(unsigned(point, order)));
                let mut text: String = text.collect();
                text.truncate(text.trim_end_matches('\0').len());
                Element::Text(text)
            }
            DtypeKind::Bytes => {
                let padding = bytes.iter().rev().take_while(|byte| **byte == 0);
                Element::Bytes(bytes[..bytes.len() - padding.count()].to_vec())
            }
        }
    }
}

/// Iterates over the elements of an [`Array`] in the order of C.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    array: &'a Array,
    next: usize,
}

impl<'a> Elements<'a> {
    pub(super) fn new(array: &'a Array) -> Elements<'a> {
        Elements { array, next: 0 }
    }
}

impl Iterator for Elements<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        if self.next >= self.array.len() {
            return None;
        }
        let size = self.array.dtype.size;
        let bytes = self.array.data.get(self.next * size..)?.get(..size)?;
        self.next += 1;
        Some(Element::of(&self.array.dtype, bytes))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.array.len().saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Elements<'_> {}
impl FusedIterator for Elements<'_> {}

/// Returns the unsigned integer in at most 8 bytes.
fn unsigned(bytes: &[u8], order: ByteOrder) -> u64 {
    let shift = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match order {
        ByteOrder::Big => bytes.iter().fold(0, shift),
        ByteOrder::Little => bytes.iter().rev().fold(0, shift),
    }
}

/// Returns the character of a code point. Half surrogates, which numpy allows, become U+FFFD.
fn character(point: u64) -> char {
    let point = u32::try_from(point).ok().and_then(char::from_u32);
    point.unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn float(bytes: &[u8], order: ByteOrder) -> f64 {
    match bytes.len() {
        2 => half::f16::from_bits(unsigned(bytes, order) as u16).to_f64(),
        4 => f32::from_bits(unsigned(bytes, order) as u32).into(),
        8 => f64::from_bits(unsigned(bytes, order)),
        16 => extended(bytes, order),
        _ => f64::NAN,
    }
}

/// Returns the number of x86 extended precision in 16 bytes, of which 6 are padding.
fn extended(bytes: &[u8], order: ByteOrder) -> f64 {
    let (fraction, head) = match order {
        ByteOrder::Little => (&bytes[..8], &bytes[8..10]),
        ByteOrder::Big => (&bytes[8..], &bytes[6..8]),
    };
    let (fraction, head) = (unsigned(fraction, order), unsigned(head, order));
    let exponent = (head & 0x7fff) as i32;
    let magnitude = match exponent {
        // The leading bit of the fraction is explicit.
        0x7fff if fraction << 1 == 0 => f64::INFINITY,
        0x7fff => f64::NAN,
        // One exact conversion rounds; the two factors, which are powers of two, are exact unless the result
        // is below what f64 can hold with all its bits.
        _ => {
            let power = (exponent - 16383 - 63).clamp(-1200, 1100);
            fraction as f64 * 2f64.powi(power / 2) * 2f64.powi(power - power / 2)
        }
    };
    match head & 0x8000 {
        0 => magnitude,
        _ => -magnitude,
    }
}
