//! Data items: what a dataset or an attribute holds.

use std::collections::HashSet;

use nexus::tree::{Column, Value};
use serde_json::{Map, Value as Json};

use super::{field, inline, kind, packed, raw, without_nul};

/// The value of a data item that is not a stream.
pub fn value(json: &Json) -> Result<Value, String> {
    let Some(object) = json.as_object() else {
        return raw::value(json);
    };
    match kind(object) {
        Some("inline") => inline::value(object),
        Some("inline_b64") => packed::value(object),
        Some("compound") => compound(object),
        Some("stream") => Err("a stream can only be the value of a dataset".to_owned()),
        Some(other) => Err(format!("unknown type {other:?} of a value")),
        None => Err("an object without \"type\" is not a value".to_owned()),
    }
}

fn compound(object: &Map<String, Json>) -> Result<Value, String> {
    let listed = field(object, "columns")?
        .as_array()
        .ok_or("\"columns\" is not a list")?;
    let columns = listed.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let first = columns.first().ok_or("a compound needs a column")?;
    let shape = first.value.shape().to_vec();
    let mut names = HashSet::new();
    for Column { name, value } in &columns {
        if value.shape() != shape {
            return Err(format!(
                "column {name:?} has shape {:?}, the first one {shape:?}",
                value.shape()
            ));
        }
        if !names.insert(name) {
            return Err(format!("two columns are called {name:?}"));
        }
    }
    Ok(Value::Compound { shape, columns })
}

fn column(json: &Json) -> Result<Column, String> {
    let Some([Json::String(name), data]) = json.as_array().map(Vec::as_slice) else {
        return Err("a column is a pair of name and value".to_owned());
    };
    let name = without_nul(name)?.to_owned();
    let value = value(data).map_err(|reason| format!("column {name:?}: {reason}"))?;
    Ok(Column { name, value })
}
