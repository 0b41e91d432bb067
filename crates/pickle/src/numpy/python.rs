//! Arrays of Python's own numbers and texts, with the types that numpy gives them.

use bytes::BytesMut;
use num_traits::ToPrimitive;

use super::array::{Array, ArrayError};
use super::dtype::{Dtype, DtypeKind};
use super::element::Element;
use super::is_numpy;
use crate::value::{Object, Value};

/// Greatest length of texts after they were padded: one long text among many short ones would cost any memory.
const MAX_PADDED: usize = 64 << 20;

/// Returns the array that a number, a text or a list of those is. Scalars and arrays of numpy may be among them;
/// the elements have 8 bytes nevertheless.
pub(super) fn array(value: &Value) -> Result<Array, ArrayError> {
    let mut list = Flattened::default();
    list.add(value, 0)?;
    let dtype = common_dtype(&list.elements)?;
    let bytes = list.elements.len().saturating_mul(dtype.size);
    if bytes > MAX_PADDED && matches!(dtype.kind, DtypeKind::Text | DtypeKind::Bytes) {
        return Err(ArrayError::List {
            problem: "its texts are too long to have the same length",
        });
    }
    let mut data = BytesMut::with_capacity(bytes);
    for element in &list.elements {
        write(element, dtype, &mut data);
    }
    Array::new(dtype, list.shape, data.freeze())
}

/// The elements of nested lists.
#[derive(Default)]
struct Flattened {
    shape: Vec<u64>,
    /// Whether a row has ended, so that the shape is known.
    is_shaped: bool,
    elements: Vec<Element>,
}

impl Flattened {
    fn add(&mut self, value: &Value, depth: usize) -> Result<(), ArrayError> {
        if let Some(values) = value.as_list() {
            self.match_length(depth, values.len() as u64)?;
            for value in values {
                self.add(value, depth + 1)?;
            }
            return match values.is_empty() {
                true => self.end_row(depth + 1),
                false => Ok(()),
            };
        }
        match value {
            Value::Object(object) if is_numpy(object) => {
                let array = Array::of(value)?;
                for (inner, length) in array.shape.iter().enumerate() {
                    self.match_length(depth + inner, *length)?;
                }
                self.elements.extend(array.elements());
                self.end_row(depth + array.shape.len())
            }
            _ => {
                self.elements.push(element(value)?);
                self.end_row(depth)
            }
        }
    }

    fn match_length(&mut self, depth: usize, length: u64) -> Result<(), ArrayError> {
        match self.shape.get(depth) {
            Some(known) if *known == length => Ok(()),
            None if !self.is_shaped => {
                self.shape.push(length);
                Ok(())
            }
            _ => Err(uneven()),
        }
    }

    /// Makes sure that all elements are at the same depth.
    fn end_row(&mut self, depth: usize) -> Result<(), ArrayError> {
        self.is_shaped = true;
        match self.shape.len() == depth {
            true => Ok(()),
            false => Err(uneven()),
        }
    }
}

fn uneven() -> ArrayError {
    ArrayError::List {
        problem: "its rows differ in length",
    }
}

fn element(value: &Value) -> Result<Element, ArrayError> {
    let what = match value {
        Value::Bool(value) => return Ok(Element::Bool(*value)),
        Value::Int(value) => return Ok(Element::Int(*value)),
        Value::Float(value) => return Ok(Element::Float(*value)),
        Value::Text(text) => return Ok(Element::Text(text.to_string())),
        Value::Bytes(bytes) => return Ok(Element::Bytes(bytes.to_vec())),
        Value::BigInt(value) => match value.to_u64() {
            Some(value) => return Ok(Element::Uint(value)),
            None => "an integer of more than 8 bytes".to_owned(),
        },
        Value::Object(object) => match (complex(object), object.class()) {
            (Some((real, imaginary)), _) => return Ok(Element::Complex(real, imaginary)),
            (None, Some(class)) => format!("an object of {class}"),
            (None, None) => "an object".to_owned(),
        },
        Value::None => "None".to_owned(),
        Value::Set(_) => "a set".to_owned(),
        Value::Dict(_) => "a dictionary".to_owned(),
        Value::Global(global) => format!("the class {global}"),
        Value::List(_) | Value::Tuple(_) => "a list".to_owned(),
    };
    Err(ArrayError::NotAnArray { what })
}

/// Returns the parts of a `complex` of Python.
fn complex(object: &Object) -> Option<(f64, f64)> {
    match object.arguments.as_ref() {
        [real, imaginary] if object.is("builtins", "complex") => {
            Some((real.as_f64()?, imaginary.as_f64()?))
        }
        _ => None,
    }
}

/// Returns the type that can hold all elements; that of floating-point numbers if there are none.
fn common_dtype(elements: &[Element]) -> Result<Dtype, ArrayError> {
    let mut dtypes = elements.iter().map(dtype);
    let Some(first) = dtypes.next() else {
        return Ok(Dtype::FLOAT64);
    };
    dtypes.try_fold(first, |common, dtype| match (common.kind, dtype.kind) {
        (a, b) if a == b && common.size >= dtype.size => Ok(common),
        (a, b) if a == b => Ok(dtype),
        (DtypeKind::Text | DtypeKind::Bytes, _) | (_, DtypeKind::Text | DtypeKind::Bytes) => {
            Err(ArrayError::List {
                problem: "it holds both texts and something else",
            })
        }
        // numpy has no integer for all of both.
        (DtypeKind::Int, DtypeKind::Uint) | (DtypeKind::Uint, DtypeKind::Int) => Ok(Dtype::FLOAT64),
        (a, b) if breadth(a) > breadth(b) => Ok(common),
        _ => Ok(dtype),
    })
}

fn dtype(element: &Element) -> Dtype {
    match element {
        Element::Bool(_) => Dtype::BOOL,
        Element::Int(_) => Dtype::INT64,
        Element::Uint(_) => Dtype::little(DtypeKind::Uint, 8),
        Element::Float(_) => Dtype::FLOAT64,
        Element::Complex(..) => Dtype::COMPLEX128,
        Element::Text(text) => Dtype::little(DtypeKind::Text, 4 * text.chars().count()),
        Element::Bytes(bytes) => Dtype::little(DtypeKind::Bytes, bytes.len()),
    }
}

/// Returns a number that is greater for kinds that can hold others.
fn breadth(kind: DtypeKind) -> u8 {
    match kind {
        DtypeKind::Bool => 0,
        DtypeKind::Int | DtypeKind::Uint => 1,
        DtypeKind::Float => 2,
        DtypeKind::Complex => 3,
        DtypeKind::Text | DtypeKind::Bytes => 4,
    }
}

/// Writes an element as one of the type, which can hold it.
fn write(element: &Element, dtype: Dtype, data: &mut BytesMut) {
    let end = data.len() + dtype.size;
    match (element, dtype.kind) {
        (Element::Bool(value), DtypeKind::Bool) => data.extend_from_slice(&[(*value).into()]),
        (Element::Text(text), _) => {
            let points = text
                .chars()
                .flat_map(|point| u32::from(point).to_le_bytes());
            data.extend(points);
        }
        (Element::Bytes(bytes), _) => data.extend_from_slice(bytes),
        (_, DtypeKind::Int | DtypeKind::Uint) => {
            let value = match element {
                Element::Int(value) => value.cast_unsigned(),
                Element::Uint(value) => *value,
                other => other.is_truthy().into(),
            };
            data.extend_from_slice(&value.to_le_bytes());
        }
        _ => {
            let (real, imaginary) = match element {
                Element::Int(value) => (*value as f64, 0.0),
                Element::Uint(value) => (*value as f64, 0.0),
                Element::Float(value) => (*value, 0.0),
                Element::Complex(real, imaginary) => (*real, *imaginary),
                other => (u8::from(other.is_truthy()).into(), 0.0),
            };
            data.extend_from_slice(&real.to_le_bytes());
            data.extend_from_slice(&imaginary.to_le_bytes());
        }
    }
    // Drops the imaginary part of a real number, and pads texts.
    data.resize(end, 0);
}
