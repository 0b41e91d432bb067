//! Lists of mappings as tables: one row per mapping, one column per key.

use indexmap::IndexMap;
use nexus::tree::{ByteOrder, Column, ElementType, Value};
use serde_json::Value as Json;

use super::ValueError;

/// Why the values of a column have no common type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// There are numbers and others.
    #[error("values that are neither all numbers nor all texts")]
    Mixed,
    /// Texts of a fixed length are ASCII.
    #[error("texts with characters other than ASCII")]
    NotAscii,
    /// No type has all of them.
    #[error("integers that do not fit in 64 bits together")]
    Integers,
}

/// Returns a table of mappings. The columns are the keys in the order in which they appear. A
/// missing value is 0 or an empty text.
///
/// # Errors
/// Returns an error if the values of a key have no common type.
pub fn table(rows: &[Json]) -> Result<Value, ValueError> {
    let mut columns: IndexMap<&str, Vec<Option<&Json>>> = IndexMap::new();
    for (row, json) in rows.iter().enumerate() {
        for (name, cell) in json.as_object().into_iter().flatten() {
            if name.is_empty() || name.contains('\0') {
                return Err(ValueError::ColumnName(name.clone()));
            }
            let column = columns
                .entry(name)
                .or_insert_with(|| vec![None; rows.len()]);
            if let Some(place) = column.get_mut(row) {
                *place = Some(cell);
            }
        }
    }
    if columns.is_empty() {
        return Err(ValueError::NoColumn);
    }
    let shape = vec![rows.len() as u64];
    let columns = columns.into_iter().map(|(name, cells)| {
        let (element, bytes) = column(&cells).map_err(|reason| ValueError::Column {
            name: name.to_owned(),
            reason,
        })?;
        let value = Value::Numbers {
            element,
            shape: shape.clone(),
            bytes,
        };
        let name = name.to_owned();
        Ok(Column { name, value })
    });
    let columns = columns.collect::<Result<_, ValueError>>()?;
    Ok(Value::Compound { shape, columns })
}

/// Returns the type and bytes of a column. The type is that of the sum of its cells, as Python adds
/// them.
fn column(cells: &[Option<&Json>]) -> Result<(ElementType, Vec<u8>), ColumnError> {
    let given = || cells.iter().flatten();
    if given().all(|cell| cell.is_string()) {
        return texts(cells);
    }
    if !given().all(|cell| cell.is_boolean() || cell.is_number()) {
        return Err(ColumnError::Mixed);
    }
    if given().all(|cell| cell.is_boolean()) && given().count() == 1 {
        let flags = cells
            .iter()
            .map(|cell| u8::from(*cell == Some(&Json::Bool(true))));
        return Ok((ElementType::Bool, flags.collect()));
    }
    if given().any(|cell| cell.is_f64()) {
        let decimals = cells.iter().map(|cell| cell.map_or(0.0, decimal));
        let bytes = decimals.flat_map(f64::to_le_bytes).collect();
        return Ok((ElementType::Float(8, ByteOrder::Little), bytes));
    }
    integers(cells)
}

/// Returns texts of a fixed length: that of all texts of the column together, as in Python.
fn texts(cells: &[Option<&Json>]) -> Result<(ElementType, Vec<u8>), ColumnError> {
    let texts: Vec<&str> = cells
        .iter()
        .map(|cell| cell.and_then(Json::as_str).unwrap_or_default())
        .collect();
    if !texts.iter().all(|text| text.is_ascii()) || texts.iter().any(|text| text.contains('\0')) {
        return Err(ColumnError::NotAscii);
    }
    let length = texts.iter().map(|text| text.len()).sum::<usize>().max(1);
    let mut bytes = Vec::with_capacity(length * texts.len());
    for text in texts {
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len() + length - text.len(), 0);
    }
    Ok((ElementType::FixedText(length), bytes))
}

fn integers(cells: &[Option<&Json>]) -> Result<(ElementType, Vec<u8>), ColumnError> {
    let numbers: Vec<i128> = cells.iter().map(|cell| cell.map_or(0, integer)).collect();
    let sum: i128 = numbers.iter().sum();
    let signed: Option<Vec<i64>> = numbers.iter().map(|&n| n.try_into().ok()).collect();
    let unsigned: Option<Vec<u64>> = numbers.iter().map(|&n| n.try_into().ok()).collect();
    match (signed, unsigned) {
        (Some(signed), None) => Ok(int64(signed)),
        (Some(signed), _) if i64::try_from(sum).is_ok() => Ok(int64(signed)),
        (_, Some(unsigned)) => {
            let bytes = unsigned.into_iter().flat_map(u64::to_le_bytes).collect();
            Ok((ElementType::Uint(8, ByteOrder::Little), bytes))
        }
        (None, None) => Err(ColumnError::Integers),
    }
}

fn int64(numbers: Vec<i64>) -> (ElementType, Vec<u8>) {
    let bytes = numbers.into_iter().flat_map(i64::to_le_bytes).collect();
    (ElementType::Int(8, ByteOrder::Little), bytes)
}

fn integer(json: &Json) -> i128 {
    match json {
        Json::Bool(flag) => i128::from(*flag),
        json => json
            .as_i64()
            .map(i128::from)
            .or(json.as_u64().map(i128::from))
            .unwrap_or_default(),
    }
}

fn decimal(json: &Json) -> f64 {
    match json {
        Json::Bool(flag) => f64::from(u8::from(*flag)),
        json => json.as_f64().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn columns(json: Json) -> Result<Vec<(String, ElementType, Vec<u8>)>, ValueError> {
        let Value::Compound { columns, .. } = table(json.as_array().unwrap())? else {
            panic!("no table");
        };
        let columns = columns.into_iter().map(|column| match column.value {
            Value::Numbers { element, bytes, .. } => (column.name, element, bytes),
            other => panic!("{other:?}"),
        });
        Ok(columns.collect())
    }

    #[test]
    fn columns_have_the_type_of_their_sum() {
        let found = columns(json!([
            {"n": 1, "name": "ab"},
            {"x": 1.5, "n": 2, "name": "c", "ok": true, "both": true},
            {"both": false},
        ]))
        .unwrap();
        let int = ElementType::Int(8, ByteOrder::Little);
        let float = ElementType::Float(8, ByteOrder::Little);
        let integers = |numbers: [i64; 3]| numbers.map(i64::to_le_bytes).concat();
        assert_eq!(
            found,
            [
                ("n".to_owned(), int.clone(), integers([1, 2, 0])),
                (
                    "name".to_owned(),
                    ElementType::FixedText(3),
                    b"ab\0c\0\0\0\0\0".to_vec()
                ),
                (
                    "x".to_owned(),
                    float,
                    [0.0, 1.5, 0.0].map(f64::to_le_bytes).concat()
                ),
                ("ok".to_owned(), ElementType::Bool, vec![0, 1, 0]),
                ("both".to_owned(), int, integers([0, 1, 0])),
            ]
        );
    }

    #[test]
    fn integers_of_all_sizes() {
        let element = |json| columns(json).map(|columns| columns[0].1.clone());
        let (int, uint) = (
            ElementType::Int(8, ByteOrder::Little),
            ElementType::Uint(8, ByteOrder::Little),
        );
        assert_eq!(element(json!([{"a": i64::MAX}])), Ok(int.clone()));
        assert_eq!(
            element(json!([{"a": i64::MAX}, {"a": 1}])),
            Ok(uint.clone())
        );
        assert_eq!(element(json!([{"a": u64::MAX}, {"a": 1}])), Ok(uint));
        assert_eq!(element(json!([{"a": -1}, {"a": true}])), Ok(int));
        element(json!([{"a": -1}, {"a": u64::MAX}])).unwrap_err();
    }

    #[test]
    fn invalid_tables_are_refused() {
        for bad in [
            json!([{}, {}]),
            json!([{"a": 1}, {"a": "b"}]),
            json!([{"a": null}]),
            json!([{"a": [1]}]),
            json!([{"a": "é"}]),
            json!([{"": 1}]),
            json!([{"a\u{0}": 1}]),
        ] {
            columns(bad).unwrap_err();
        }
        assert_eq!(
            columns(json!([{"a": ""}])).unwrap()[0].1,
            ElementType::FixedText(1)
        );
    }
}
