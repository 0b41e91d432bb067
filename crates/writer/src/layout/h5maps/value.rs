//! Data items: the values of datasets and attributes.

use std::collections::HashSet;

use nexus::tree::{Column, Value};
use serde_json::{Map, Value as Json};

use super::{field, inline, inline_b64, kind, raw, without_nul, wrong_type};
use crate::layout::JsonError;

/// Returns the value of a data item that is not a stream.
pub fn value(json: &Json) -> Result<Value, JsonError> {
    let Some(object) = json.as_object() else {
        return raw::value(json);
    };
    match kind(object) {
        Some("inline") => inline::value(object),
        Some("inline_b64") => inline_b64::value(object),
        Some("compound") => compound(object),
        Some("stream") => Err(JsonError::Stream),
        Some(other) => Err(JsonError::ValueType(other.to_owned())),
        None => Err(JsonError::NoType),
    }
}

fn compound(object: &Map<String, Json>) -> Result<Value, JsonError> {
    let listed = field(object, "columns")?
        .as_array()
        .ok_or_else(|| wrong_type("columns", "a list"))?;
    let columns = listed.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let first = columns.first().ok_or(JsonError::NoColumn)?;
    let shape = first.value.shape().to_vec();
    let mut names = HashSet::new();
    for Column { name, value } in &columns {
        if value.shape() != shape {
            return Err(JsonError::ColumnShape {
                name: name.clone(),
                shape: value.shape().to_vec(),
                first: shape,
            });
        }
        if !names.insert(name) {
            return Err(JsonError::ColumnName(name.clone()));
        }
    }
    Ok(Value::Compound { shape, columns })
}

fn column(json: &Json) -> Result<Column, JsonError> {
    let Some([Json::String(name), data]) = json.as_array().map(Vec::as_slice) else {
        return Err(JsonError::ColumnPair);
    };
    let name = without_nul(name)?.to_owned();
    let value = value(data).map_err(|reason| JsonError::Column {
        name: name.clone(),
        reason: Box::new(reason),
    })?;
    Ok(Column { name, value })
}
