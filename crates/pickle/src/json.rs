//! Values as JSON.

use num_traits::ToPrimitive;
use serde_json::{Map, Number, Value as Json};

use crate::datetime::{self, DateTime};
use crate::dict::Dict;
use crate::numpy::{Array, Dtype, Element, is_numpy};
use crate::value::{Object, Value};

/// Turns a value into JSON.
///
/// | Python | JSON |
/// |---|---|
/// | numbers, texts, truth values, `None` | the same |
/// | numbers that are not finite | `null` |
/// | integers that neither `i64` nor `u64` can hold | the nearest number |
/// | complex numbers | a list of the real and the imaginary part |
/// | byte strings | texts; U+FFFD for what is not UTF-8 |
/// | lists, tuples, sets | lists |
/// | dictionaries | objects; keys that are no texts become what Python's `str()` returns |
/// | scalars and arrays of numpy | numbers and nested lists; an empty list if there are no elements |
/// | types of elements | texts, such as `<f8` |
/// | `datetime.datetime`, `datetime.date` | texts in ISO format; with a known time zone also RFC 3339 |
/// | classes and other objects | the name of the class, such as `numpy.float64` |
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => (*value).into(),
        Value::BigInt(value) => match value.to_u64() {
            Some(value) => value.into(),
            None => value.to_f64().map_or(Json::Null, number),
        },
        Value::Float(value) => number(*value),
        Value::Text(text) => Json::String(text.to_string()),
        Value::Bytes(bytes) => Json::String(String::from_utf8_lossy(bytes).into_owned()),
        Value::List(values) | Value::Tuple(values) | Value::Set(values) => {
            values.iter().map(to_json).collect()
        }
        Value::Dict(dict) => of_dict(dict),
        Value::Global(global) => Json::String(global.to_string()),
        Value::Object(object) => of_object(value, object),
    }
}

fn of_dict(dict: &Dict) -> Json {
    let entries = dict
        .iter()
        .map(|(key, value)| (key_text(key), to_json(value)));
    Json::Object(entries.collect::<Map<_, _>>())
}

fn key_text(key: &Value) -> String {
    match key {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::BigInt(value) => value.to_string(),
        Value::Float(value) if value.is_nan() => "nan".to_owned(),
        Value::Float(value) => format!("{value:?}"),
        other => match to_json(other) {
            Json::String(text) => text,
            json => json.to_string(),
        },
    }
}

fn of_object(value: &Value, object: &Object) -> Json {
    // Python's own complex numbers have no form in numpy.
    if is_numpy(object) || object.is("builtins", "complex") {
        if let Ok(array) = Array::of(value) {
            return of_array(&array);
        }
    } else if let Some(time) = DateTime::of(value) {
        return Json::String(time.to_string());
    } else if let Some(date) = datetime::date_of(value) {
        return Json::String(date.to_string());
    } else if let Ok(Some(dtype)) = Dtype::of(value) {
        return Json::String(dtype.to_string());
    }
    let name = object.class().map(ToString::to_string);
    Json::String(name.unwrap_or_default())
}

fn of_array(array: &Array) -> Json {
    // Without elements, the other dimensions can have any length.
    if array.is_empty() {
        return Json::Array(Vec::new());
    }
    let mut elements = array.elements().map(of_element);
    nested(&array.shape, &mut elements)
}

fn nested(shape: &[u64], elements: &mut impl Iterator<Item = Json>) -> Json {
    match shape.split_first() {
        Some((length, rest)) => (0..*length).map(|_| nested(rest, elements)).collect(),
        None => elements.next().unwrap_or_default(),
    }
}

fn of_element(element: Element) -> Json {
    match element {
        Element::Bool(value) => Json::Bool(value),
        Element::Int(value) => value.into(),
        Element::Uint(value) => value.into(),
        Element::Float(value) => number(value),
        Element::Complex(real, imaginary) => Json::Array(vec![number(real), number(imaginary)]),
        Element::Text(text) => Json::String(text),
        Element::Bytes(bytes) => Json::String(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn number(value: f64) -> Json {
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}
