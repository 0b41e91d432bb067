//! Attributes of metadata.

use nexus::tree::Value;
use serde_json::Value as Json;

use super::super::tree_builder::TreeBuilder;
use super::super::value::convert;

/// The most bytes that an attribute may have: it is a message in an object header, and those have
/// at most 64 KiB.
const MOST_BYTES: usize = 60_000;

/// Sets an attribute of the item at `path`, which becomes a group if it is missing. Null deletes
/// the attribute.
pub fn add(builder: &mut TreeBuilder, path: &str, key: &str, json: &Json) {
    let name = match key.replace('\0', "") {
        name if name.is_empty() => "metadata".to_owned(),
        name => name,
    };
    let here = format!("{path}@{name}");
    if name != key {
        builder.notice(
            &here,
            format_args!("{key:?} cannot be the name of an attribute"),
        );
    }
    // A group of the writer gets its class when it is created.
    if !json.is_null() && !builder.has(path) {
        builder.group(path);
    }
    let is_class = name == "NX_class" && !builder.is_dataset(path);
    if is_class && (json.is_null() || builder.has_attribute(path, &name)) {
        return report_class(builder, path, json);
    }
    if json.is_null() {
        return builder.remove_attribute(path, &name);
    }
    let (value, notice) = convert_small(json);
    if let Some(notice) = notice {
        builder.notice(&here, notice);
    }
    builder.attribute(path, &name, value);
}

/// Converts a JSON value for an attribute. Returns why it differs from the JSON value, if it does.
pub fn convert_small(json: &Json) -> (Value, Option<String>) {
    let converted = convert(json);
    match bytes(&converted.value) > MOST_BYTES {
        true => (
            Value::text(json.to_string()),
            Some("stored as JSON text: too large for an attribute".to_owned()),
        ),
        false => (converted.value, converted.notice),
    }
}

/// Notes that the class of a group does not change. No notice is needed for groups of the writer,
/// whose class is fixed whatever metadata contain.
fn report_class(builder: &mut TreeBuilder, path: &str, json: &Json) {
    let class = builder.text_attribute(path, "NX_class");
    if class != json.as_str() && !json.is_null() && !builder.is_writer_group(path) {
        let class = class.unwrap_or_default().to_owned();
        let here = format!("{path}@NX_class");
        builder.notice(&here, format_args!("the group stays {class:?}, not {json}"));
    }
}

/// Returns the bytes that a value takes in the header. Texts are stored elsewhere, with a reference
/// of 16 bytes each.
fn bytes(value: &Value) -> usize {
    match value {
        Value::Numbers { bytes, .. } => bytes.len(),
        Value::Texts { texts, .. } => 16 * texts.len(),
        Value::Compound { columns, .. } => columns.iter().map(|column| bytes(&column.value)).sum(),
    }
}
