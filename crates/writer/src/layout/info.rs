//! Reading a scan's info. A value of the wrong type counts as missing.

use serde_json::{Map, Value as Json};

/// Returns the mapping at a key of a mapping.
pub fn mapping<'a>(json: &'a Json, key: &str) -> Option<&'a Map<String, Json>> {
    json.get(key)?.as_object()
}

/// Returns the texts of a list. Other elements are ignored.
pub fn texts<'a>(json: &'a Json, key: &str) -> impl Iterator<Item = &'a str> {
    let list = json.get(key).and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str)
}

/// Returns `true` if Python considers the value true. A missing value is false.
pub fn is_truthy(json: Option<&Json>) -> bool {
    match json {
        None | Some(Json::Null) => false,
        Some(Json::Bool(flag)) => *flag,
        Some(Json::Number(number)) => number.as_f64() != Some(0.0),
        Some(Json::String(text)) => !text.is_empty(),
        Some(Json::Array(items)) => !items.is_empty(),
        Some(Json::Object(members)) => !members.is_empty(),
    }
}

/// Returns an integer that is not negative and not too large for an extent of HDF5. It may be
/// written as a float.
pub fn count(json: Option<&Json>) -> Option<u64> {
    let number = json?.as_number()?;
    let count = match number.as_u64() {
        Some(count) => count,
        None => number
            .as_f64()
            .filter(|float| float.fract() == 0.0 && (0.0..LARGEST as f64).contains(float))
            .map(|float| float as u64)?,
    };
    (count < LARGEST).then_some(count)
}

/// Extents are signed numbers in much of the software that reads HDF5.
const LARGEST: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_are_whole_and_positive() {
        let count = |json: Json| count(Some(&json));
        assert_eq!(count(json!(5)), Some(5));
        assert_eq!(count(json!(5.0)), Some(5));
        assert_eq!(count(json!(0)), Some(0));
        for json in [
            json!(-1),
            json!(-1.0),
            json!(0.5),
            json!(1e30),
            json!(u64::MAX),
            json!("5"),
            json!(null),
            json!([5]),
        ] {
            assert_eq!(count(json.clone()), None, "{json}");
        }
    }

    #[test]
    fn texts_are_picked_from_lists() {
        let info = json!({"devices": ["a", 1, null, "b"], "text": "a"});
        assert_eq!(texts(&info, "devices").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(texts(&info, "text").count(), 0);
        assert_eq!(texts(&json!(3), "devices").count(), 0);
    }
}
