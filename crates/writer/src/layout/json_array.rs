//! Nested lists of JSON as arrays: a shape, and elements in C order.

use serde_json::Value as Json;

use super::ArrayError;

/// The elements of a nested list.
pub struct JsonArray<'a> {
    /// Empty for a scalar.
    pub shape: Vec<u64>,
    /// The elements in C order.
    pub elements: Vec<&'a Json>,
}

impl<'a> JsonArray<'a> {
    /// Flattens a scalar or nested list. All lists of one depth must have the same length.
    pub fn of(json: &'a Json) -> Result<JsonArray<'a>, ArrayError> {
        let shape = shape_of(json);
        let mut elements = Vec::new();
        flatten(json, &shape, &mut elements)?;
        Ok(JsonArray { shape, elements })
    }
}

/// Returns the shape, judged by the first element of each depth.
fn shape_of(json: &Json) -> Vec<u64> {
    let mut shape = Vec::new();
    let mut level = Some(json);
    while let Some(Json::Array(list)) = level {
        shape.push(list.len() as u64);
        level = list.first();
    }
    shape
}

fn flatten<'a>(
    json: &'a Json,
    shape: &[u64],
    elements: &mut Vec<&'a Json>,
) -> Result<(), ArrayError> {
    match (json, shape) {
        (Json::Array(list), [length, inner @ ..]) if list.len() as u64 == *length => list
            .iter()
            .try_for_each(|item| flatten(item, inner, elements)),
        (Json::Array(_), _) | (_, [_, ..]) => Err(ArrayError::Uneven),
        (Json::Null, _) => Err(ArrayError::Null),
        (Json::Object(_), _) => Err(ArrayError::Object),
        (element, []) => {
            elements.push(element);
            Ok(())
        }
    }
}
