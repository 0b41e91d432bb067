//! Plain JSON values. Their type is the highest type of their elements: boolean, integer, decimal
//! or text.

use nexus::tree::{ByteOrder, ElementType, Value};
use serde_json::{Number, Value as Json};

use super::without_nul;
use crate::layout::JsonError;
use crate::layout::json_array::JsonArray;

/// Returns the value of a scalar or nested list without a declared type. An empty list has the type
/// of decimals.
pub fn value(json: &Json) -> Result<Value, JsonError> {
    let JsonArray { shape, elements } = JsonArray::of(json)?;
    let is = |kind: fn(&Json) -> bool| !elements.is_empty() && elements.iter().all(|e| kind(e));
    if is(Json::is_boolean) {
        let bytes = elements
            .iter()
            .map(|e| u8::from(e.as_bool() == Some(true)))
            .collect();
        return Ok(Value::Numbers {
            element: ElementType::Bool,
            shape,
            bytes,
        });
    }
    if is(|e| e.is_boolean() || is_integer(e)) {
        return integers(shape, &elements);
    }
    if elements.iter().any(|e| e.is_string()) {
        let texts = elements.iter().map(|e| text(e)).collect::<Result<_, _>>()?;
        return Ok(Value::Texts { shape, texts });
    }
    let mut bytes = Vec::with_capacity(8 * elements.len());
    for element in elements {
        bytes.extend(decimal(element).to_le_bytes());
    }
    Ok(Value::Numbers {
        element: ElementType::Float(8, ByteOrder::Little),
        shape,
        bytes,
    })
}

fn is_integer(json: &Json) -> bool {
    json.is_i64() || json.is_u64()
}

/// Returns signed integers, or unsigned ones if an element needs the last bit.
fn integers(shape: Vec<u64>, elements: &[&Json]) -> Result<Value, JsonError> {
    let signed: Option<Vec<i64>> = elements.iter().map(|e| signed(e)).collect();
    if let Some(numbers) = signed {
        let bytes = numbers.into_iter().flat_map(i64::to_le_bytes).collect();
        return Ok(Value::Numbers {
            element: ElementType::Int(8, ByteOrder::Little),
            shape,
            bytes,
        });
    }
    let unsigned: Option<Vec<u64>> = elements
        .iter()
        .map(|e| e.as_u64().or_else(|| e.as_bool().map(u64::from)))
        .collect();
    let numbers = unsigned.ok_or(JsonError::Integers)?;
    let bytes = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
    Ok(Value::Numbers {
        element: ElementType::Uint(8, ByteOrder::Little),
        shape,
        bytes,
    })
}

fn signed(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| json.as_bool().map(i64::from))
}

fn decimal(json: &Json) -> f64 {
    json.as_f64()
        .unwrap_or_else(|| f64::from(u8::from(json.as_bool() == Some(true))))
}

/// Returns the text of an element in a list of texts. Other elements become the text that Python
/// prints for them, as in existing files.
fn text(json: &Json) -> Result<String, JsonError> {
    Ok(match json {
        Json::String(text) => without_nul(text)?.to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number_text(number),
        other => other.to_string(),
    })
}

fn number_text(number: &Number) -> String {
    if !number.is_f64() {
        return number.to_string();
    }
    let scientific = format!("{:e}", number.as_f64().unwrap_or(f64::NAN));
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent @ -4..16) => {
            let plain = format!("{}", number.as_f64().unwrap_or(f64::NAN));
            if exponent >= 0 && !plain.contains('.') {
                plain + ".0"
            } else {
                plain
            }
        }
        Ok(exponent) => format!("{digits}e{exponent:+03}"),
        Err(_) => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_highest_element_gives_the_type() {
        let element = |json: Json| value(&json).unwrap().element();
        assert_eq!(element(json!([true, false])), ElementType::Bool);
        assert_eq!(
            element(json!([true, 1])),
            ElementType::Int(8, ByteOrder::Little)
        );
        assert_eq!(
            element(json!([true, 2, 2.5])),
            ElementType::Float(8, ByteOrder::Little)
        );
        assert_eq!(element(json!([])), ElementType::Float(8, ByteOrder::Little));
        assert_eq!(
            element(json!(u64::MAX)),
            ElementType::Uint(8, ByteOrder::Little)
        );
        assert_eq!(value(&json!([[]])).unwrap().shape(), [1, 0]);
        assert_eq!(
            value(&json!(["a", 1, true, 1.5, 1e16, 1e-5, 2.0])).unwrap(),
            Value::Texts {
                shape: vec![7],
                texts: ["a", "1", "True", "1.5", "1e+16", "1e-05", "2.0"]
                    .map(String::from)
                    .into(),
            }
        );
    }

    #[test]
    fn invalid_arrays_are_refused() {
        for bad in [
            json!(null),
            json!([1, null]),
            json!([[1, 2], [3]]),
            json!([1, [2]]),
        ] {
            value(&bad).unwrap_err();
        }
        value(&json!([u64::MAX, -1])).unwrap_err();
        value(&json!("a\0b")).unwrap_err();
    }
}
