//! From JSON to the values of a file.

use nexus::tree::Value;
use serde_json::Value as Json;

/// Whether Python would take a value for true; a missing one is false.
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

/// The value of a dataset or attribute, or why there is none. Never called with null or a mapping.
pub fn value(_json: &Json) -> Result<Value, String> {
    Err(String::new())
}
