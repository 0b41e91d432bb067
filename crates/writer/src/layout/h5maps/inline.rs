//! Typed values: JSON with a numpy type name beside it.

use nexus::tree::{ByteOrder, ElementType, Value};
use serde_json::{Map, Value as Json};

use super::{field, number, text};
use crate::layout::JsonError;
use crate::layout::json_array::JsonArray;

/// Returns the value of `{"type": "inline", "dtype": ..., "value": ...}`.
pub fn value(object: &Map<String, Json>) -> Result<Value, JsonError> {
    let dtype = text(object, "dtype")?;
    let element = element(dtype).ok_or_else(|| JsonError::Dtype(dtype.to_owned()))?;
    let JsonArray { shape, elements } = JsonArray::of(field(object, "value")?)?;
    let mut bytes = Vec::new();
    for json in elements {
        number::append(json, &element, &mut bytes).ok_or_else(|| JsonError::Value {
            json: json.to_string(),
            dtype: dtype.to_owned(),
        })?;
    }
    Ok(Value::Numbers {
        element,
        shape,
        bytes,
    })
}

fn element(dtype: &str) -> Option<ElementType> {
    if dtype == "bool" {
        return Some(ElementType::Bool);
    }
    let digits = dtype.find(|c: char| c.is_ascii_digit())?;
    let (kind, bits) = dtype.split_at(digits);
    let native = ByteOrder::Little;
    match (kind, bits) {
        ("int", "8" | "16" | "32" | "64") => Some(ElementType::Int(bytes(bits)?, native)),
        ("uint", "8" | "16" | "32" | "64") => Some(ElementType::Uint(bytes(bits)?, native)),
        ("float", "16" | "32" | "64" | "128") => Some(ElementType::Float(bytes(bits)?, native)),
        ("complex", "64" | "128" | "256") => Some(ElementType::Complex(bytes(bits)?, native)),
        _ => None,
    }
}

fn bytes(bits: &str) -> Option<usize> {
    bits.parse::<usize>().ok().map(|bits| bits / 8)
}
