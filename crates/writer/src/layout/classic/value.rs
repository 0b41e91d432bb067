//! From JSON to the values of a file.

mod table;

use nexus::tree::{ByteOrder, ElementType, Value};
use serde_json::Value as Json;

use table::ColumnError;

use crate::layout::ArrayError;
use crate::layout::json_array::JsonArray;

/// The most dimensions that HDF5 supports.
const MOST_DIMENSIONS: usize = 32;

/// Why HDF5 has no type for a JSON value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A nested list is no array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// HDF5 does not support as many dimensions.
    #[error("an array of {0} dimensions")]
    Rank(usize),
    /// The elements of an array are of different kinds.
    #[error("a list of texts and other values")]
    Texts,
    /// Mappings without a key.
    #[error("a list of empty mappings")]
    NoColumn,
    /// A key of a mapping cannot be the name of a column.
    #[error("a column cannot be called {0:?}")]
    ColumnName(String),
    /// The values of a key have no common type.
    #[error("{name:?}: {reason}")]
    Column {
        /// The key.
        name: String,
        /// Why there is no common type.
        reason: ColumnError,
    },
}

/// A JSON value as it is stored in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvertedValue {
    /// The stored value.
    pub value: Value,
    /// Why it differs from the JSON value, if it does.
    pub notice: Option<String>,
}

/// Converts a JSON value for a file. A value that has no type in HDF5 becomes its JSON text.
pub fn convert(json: &Json) -> ConvertedValue {
    match value(json) {
        Ok(value) => ConvertedValue {
            value,
            notice: has_nul(json).then(|| "NUL characters were cut out of a text".to_owned()),
        },
        Err(reason) => ConvertedValue {
            value: Value::text(json.to_string()),
            notice: Some(format!("stored as JSON text: {reason}")),
        },
    }
}

/// Returns the value of a dataset or attribute. NUL characters are removed from texts.
///
/// # Errors
/// Returns an error if HDF5 has no type for the JSON value.
pub fn value(json: &Json) -> Result<Value, ValueError> {
    if let Json::Array(items) = json
        && !items.is_empty()
        && items.iter().all(Json::is_object)
    {
        return table::table(items);
    }
    let JsonArray { shape, elements } = JsonArray::of(json)?;
    if shape.len() > MOST_DIMENSIONS {
        return Err(ValueError::Rank(shape.len()));
    }
    let is_all = |kind: fn(&Json) -> bool| elements.iter().all(|element| kind(element));
    if elements.is_empty() {
        return Ok(decimals(shape, &elements));
    }
    if is_all(Json::is_string) {
        let texts = elements.iter().filter_map(|element| element.as_str());
        let texts = texts.map(|text| text.replace('\0', "")).collect();
        return Ok(Value::Texts { shape, texts });
    }
    if elements.iter().any(|element| element.is_string()) {
        return Err(ValueError::Texts);
    }
    if is_all(Json::is_boolean) {
        let bytes = elements
            .iter()
            .map(|element| u8::from(element.as_bool() == Some(true)));
        return Ok(Value::Numbers {
            element: ElementType::Bool,
            shape,
            bytes: bytes.collect(),
        });
    }
    Ok(integers(&shape, &elements).unwrap_or_else(|| decimals(shape, &elements)))
}

/// Returns signed integers, or unsigned ones if an element needs the last bit and none is negative.
/// Returns `None` if there are decimals, or if no type of 64 bits can hold all integers.
fn integers(shape: &[u64], elements: &[&Json]) -> Option<Value> {
    let signed = elements.iter().map(|element| match element {
        Json::Bool(flag) => Some(i64::from(*flag)),
        element => element.as_i64(),
    });
    if let Some(numbers) = signed.collect::<Option<Vec<_>>>() {
        return Some(Value::Numbers {
            element: ElementType::Int(8, ByteOrder::Little),
            shape: shape.to_vec(),
            bytes: numbers.into_iter().flat_map(i64::to_le_bytes).collect(),
        });
    }
    let unsigned = elements.iter().map(|element| match element {
        Json::Bool(flag) => Some(u64::from(*flag)),
        element => element.as_u64(),
    });
    let numbers = unsigned.collect::<Option<Vec<_>>>()?;
    Some(Value::Numbers {
        element: ElementType::Uint(8, ByteOrder::Little),
        shape: shape.to_vec(),
        bytes: numbers.into_iter().flat_map(u64::to_le_bytes).collect(),
    })
}

fn decimals(shape: Vec<u64>, elements: &[&Json]) -> Value {
    let decimals = elements.iter().map(|element| match element {
        Json::Bool(flag) => f64::from(u8::from(*flag)),
        element => element.as_f64().unwrap_or(f64::NAN),
    });
    Value::Numbers {
        element: ElementType::Float(8, ByteOrder::Little),
        shape,
        bytes: decimals.flat_map(f64::to_le_bytes).collect(),
    }
}

fn has_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn type_and_shape(json: Json) -> (ElementType, Vec<u64>) {
        let value = value(&json).unwrap();
        (value.element(), value.shape().to_vec())
    }

    const INT: ElementType = ElementType::Int(8, ByteOrder::Little);
    const UINT: ElementType = ElementType::Uint(8, ByteOrder::Little);
    const FLOAT: ElementType = ElementType::Float(8, ByteOrder::Little);

    #[test]
    fn scalars() {
        assert_eq!(value(&json!("")), Ok(Value::text("")));
        assert_eq!(value(&json!("Å")), Ok(Value::text("Å")));
        assert_eq!(value(&json!(-3)), Ok(Value::from(-3i64)));
        assert_eq!(value(&json!(i64::MAX)), Ok(Value::from(i64::MAX)));
        assert_eq!(
            value(&json!(i64::MAX as u64 + 1)),
            Ok(Value::from(i64::MAX as u64 + 1))
        );
        assert_eq!(value(&json!(3.0)), Ok(Value::from(3.0)));
        assert_eq!(value(&json!(true)), Ok(Value::from(true)));
    }

    #[test]
    fn lists_have_the_type_that_numpy_finds() {
        assert_eq!(type_and_shape(json!([])), (FLOAT, vec![0]));
        assert_eq!(type_and_shape(json!([[], []])), (FLOAT, vec![2, 0]));
        assert_eq!(type_and_shape(json!([1, 2])), (INT, vec![2]));
        assert_eq!(
            type_and_shape(json!([[1, 2.5], [3, 4]])),
            (FLOAT, vec![2, 2])
        );
        assert_eq!(type_and_shape(json!([1, u64::MAX])), (UINT, vec![2]));
        assert_eq!(type_and_shape(json!([-1, u64::MAX])), (FLOAT, vec![2]));
        assert_eq!(
            type_and_shape(json!([true, false])),
            (ElementType::Bool, vec![2])
        );
        assert_eq!(type_and_shape(json!([true, 2])), (INT, vec![2]));
        assert_eq!(type_and_shape(json!([true, 2.5])), (FLOAT, vec![2]));
        assert_eq!(
            type_and_shape(json!(["a", ""])),
            (ElementType::Text, vec![2])
        );
        assert_eq!(
            type_and_shape(json!([["a"], ["b"]])),
            (ElementType::Text, vec![2, 1])
        );
    }

    #[test]
    fn untyped_values_are_stored_as_json() {
        let mut deep = json!(1);
        (0..33).for_each(|_| deep = json!([deep]));
        for json in [
            json!([1, "a"]),
            json!([1.5, null]),
            json!([[1, 2], [3]]),
            json!([1, [2]]),
            json!([{"a": 1}, 2]),
            json!([{"a": null}]),
            json!([[{"a": 1}]]),
            deep,
        ] {
            let converted = convert(&json);
            assert_eq!(converted.value, Value::text(json.to_string()));
            let notice = converted.notice.unwrap();
            assert!(notice.starts_with("stored as JSON text: "), "{notice}");
        }
    }

    #[test]
    fn nuls_are_cut_out() {
        let converted = convert(&json!(["a\0b", "c"]));
        assert_eq!(converted.value, value(&json!(["ab", "c"])).unwrap());
        assert!(converted.notice.unwrap().contains("NUL"));
        assert_eq!(convert(&json!("ab")).notice, None);
        assert_eq!(convert(&json!("a\0b")).value, Value::text("ab"));
    }
}
