//! The description of a value, as `describe.py` gives it.

use pickle::Value;
use pickle::datetime::DateTime;
use pickle::numpy::{Array, Dtype, Element};
use serde_json::{Value as Json, json};

/// Returns the description of a value.
pub(crate) fn describe(value: &Value) -> Json {
    let all = |values: &[Value]| values.iter().map(describe).collect::<Vec<Json>>();
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(["int", value.to_string()]),
        Value::BigInt(value) => json!(["int", value.to_string()]),
        Value::Float(value) => json!(["float", bits(*value)]),
        Value::Text(text) => json!(&**text),
        Value::Bytes(bytes) => json!(["bytes", hex(bytes)]),
        Value::List(values) => json!(["list", all(values)]),
        Value::Tuple(values) => json!(["tuple", all(values)]),
        Value::Set(values) => {
            let mut texts: Vec<String> = values.iter().map(python_json).collect();
            texts.sort();
            json!(["set", texts])
        }
        Value::Dict(dict) => {
            let pairs = dict.iter();
            let pairs = pairs.map(|(key, value)| json!([describe(key), describe(value)]));
            json!(["dict", pairs.collect::<Vec<Json>>()])
        }
        Value::Global(global) if &*global.module == "numpy" => {
            json!(["dtype", Dtype::of(value).unwrap().unwrap().to_string()])
        }
        Value::Global(global) => json!(["class", global.to_string()]),
        Value::Object(object) => {
            if let Some(time) = DateTime::of(value) {
                json!(["datetime", time.to_string()])
            } else if let Ok(array) = Array::of(value) {
                describe_array(&array)
            } else if let Ok(Some(dtype)) = Dtype::of(value) {
                json!(["dtype", dtype.to_string()])
            } else {
                json!(["object", object.class().unwrap().to_string()])
            }
        }
    }
}

/// Returns the description of an array.
pub(crate) fn describe_array(array: &Array) -> Json {
    let elements: Vec<Json> = array
        .elements()
        .map(|element| describe_element(&element))
        .collect();
    json!(["array", array.dtype.to_string(), array.shape, elements])
}

fn describe_element(element: &Element) -> Json {
    match element {
        Element::Bool(true) => json!("True"),
        Element::Bool(false) => json!("False"),
        Element::Int(value) => json!(value.to_string()),
        Element::Uint(value) => json!(value.to_string()),
        Element::Float(value) => json!(bits(*value)),
        Element::Complex(real, imaginary) => json!([bits(*real), bits(*imaginary)]),
        Element::Text(text) => json!(text),
        Element::Bytes(bytes) => json!(hex(bytes)),
    }
}

/// Returns the description as Python's `json.dumps` writes it.
fn python_json(value: &Value) -> String {
    describe(value).to_string().replace(',', ", ")
}

fn bits(value: f64) -> String {
    match value.is_nan() {
        // The sign and the payload of a NaN mean nothing.
        true => "nan".to_owned(),
        false => hex(&value.to_be_bytes()),
    }
}

/// Returns hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
