//! Values as base64 of the bytes that are stored in the file.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use nexus::tree::{ElementType, Value};
use serde_json::{Map, Value as Json};

use super::{external_data, text, wrong_type};
use crate::layout::JsonError;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Returns the value of `{"type": "inline_b64", "dtype": ..., "shape": ..., "value": ...}`.
pub fn value(object: &Map<String, Json>) -> Result<Value, JsonError> {
    let element = external_data::element(object)?;
    let bytes = decode(text(object, "value")?)?;
    let size = element.size().unwrap_or(1);
    if bytes.len() % size != 0 {
        return Err(JsonError::PackedSize {
            bytes: bytes.len(),
            size,
        });
    }
    let count = (bytes.len() / size) as u64;
    let shape = match object.get("shape") {
        None | Some(Json::Null) => vec![count],
        Some(shape) => resolve(shape, count)?,
    };
    if element == ElementType::Bool && bytes.iter().any(|&byte| byte > 1) {
        return Err(JsonError::Boolean);
    }
    Ok(Value::Numbers {
        element,
        shape,
        bytes,
    })
}

/// Decodes base64. Ignores characters that are not in the alphabet, as Python's decoder does.
fn decode(text: &str) -> Result<Vec<u8>, JsonError> {
    let characters: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='))
        .collect();
    Ok(BASE64.decode(characters)?)
}

/// Returns the shape. One of its dimensions may be unknown (-1) and is computed.
fn resolve(shape: &Json, count: u64) -> Result<Vec<u64>, JsonError> {
    let wrong = || JsonError::Shape {
        count,
        shape: shape.to_string(),
    };
    let listed = shape
        .as_array()
        .ok_or_else(|| wrong_type("shape", "a list"))?;
    let known: u64 = listed
        .iter()
        .filter_map(Json::as_u64)
        .try_fold(1u64, |product, d| product.checked_mul(d))
        .ok_or_else(wrong)?;
    let unknown = listed.iter().filter(|d| d.as_i64() == Some(-1)).count();
    let missing = match unknown {
        0 => 0,
        1 if known > 0 && count.is_multiple_of(known) => count / known,
        _ => return Err(wrong()),
    };
    let resolved = listed
        .iter()
        .map(|d| {
            if d.as_i64() == Some(-1) {
                Some(missing)
            } else {
                d.as_u64()
            }
        })
        .collect::<Option<Vec<u64>>>()
        .ok_or_else(wrong)?;
    match resolved.iter().product::<u64>() == count {
        true => Ok(resolved),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn packed(json: Json) -> Result<Value, JsonError> {
        value(json.as_object().unwrap())
    }

    #[test]
    fn shapes_are_checked_and_resolved() {
        let six = "AAABAAIAAwAEAAUA";
        let shape = |shape: Json| {
            packed(json!({"dtype": "<u2", "shape": shape, "value": six}))
                .map(|v| v.shape().to_vec())
        };
        assert_eq!(shape(json!(null)), Ok(vec![6]));
        assert_eq!(shape(json!([2, 3])), Ok(vec![2, 3]));
        assert_eq!(shape(json!([-1, 3])), Ok(vec![2, 3]));
        shape(json!([4])).unwrap_err();
        shape(json!([-1, -1])).unwrap_err();
        shape(json!([])).unwrap_err();
        packed(json!({"dtype": "<u4", "value": "AAAB"})).unwrap_err();
        assert_eq!(
            packed(json!({"dtype": "|u1", "value": "****"}))
                .unwrap()
                .shape(),
            [0]
        );
        assert_eq!(
            packed(json!({"dtype": "|u1", "shape": [], "value": "Bw=="}))
                .unwrap()
                .shape(),
            [0; 0]
        );
    }
}
