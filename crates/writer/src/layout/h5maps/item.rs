//! Items: groups, links and datasets.

use nexus::tree::{Content, Dataset, Group, Item, NamedList, Value};
use serde_json::{Map, Value as Json};

use super::{InvalidItems, external_data, kind, text, value, without_nul, wrong_type};
use crate::layout::JsonError;

/// Returns a group at `path` (empty for the root) with everything below it that is valid.
pub fn group(object: &Map<String, Json>, path: &str, invalid: &mut InvalidItems) -> Group {
    let shown = if path.is_empty() { "/" } else { path };
    let attributes = attributes(object, shown, invalid);
    let mut children = Vec::new();
    for (name, child) in members(object, "children", shown, invalid) {
        let child_path = format!("{path}/{name}");
        if let Err(reason) = valid_name(name) {
            invalid.add(child_path, reason);
            continue;
        }
        if let Some(item) = item(child, &child_path, invalid) {
            children.push((name.clone(), item));
        }
    }
    Group {
        attributes,
        children,
        ..Group::default()
    }
}

fn item(json: &Json, path: &str, invalid: &mut InvalidItems) -> Option<Item> {
    let Some(object) = json.as_object() else {
        return plain(json, path, invalid);
    };
    match kind(object) {
        Some("group") => Some(Item::Group(group(object, path, invalid))),
        Some("soft_link") => {
            let target = invalid
                .valid_or_report(path, text(object, "target_path"))?
                .to_owned();
            Some(Item::SoftLink { target })
        }
        Some("external_link") => {
            let file = invalid
                .valid_or_report(path, text(object, "target_file"))?
                .to_owned();
            let target = invalid
                .valid_or_report(path, text(object, "target_path"))?
                .to_owned();
            Some(Item::ExternalLink { file, target })
        }
        Some("external_binary_dataset") => {
            let content = invalid.valid_or_report(path, external_data::external(object))?;
            Some(dataset(object, Content::External(content), path, invalid))
        }
        Some("virtual_dataset") => {
            let content = invalid.valid_or_report(path, external_data::virtual_sources(object))?;
            Some(dataset(object, Content::Virtual(content), path, invalid))
        }
        Some("dataset") | None => {
            let data = invalid.valid_or_report(path, super::field(object, "value"))?;
            let content = invalid.valid_or_report(path, content(data))?;
            Some(dataset(object, content, path, invalid))
        }
        Some(_) => plain(json, path, invalid),
    }
}

/// Reads the short form of a dataset, which is only its value: it has no attributes.
fn plain(json: &Json, path: &str, invalid: &mut InvalidItems) -> Option<Item> {
    let content = invalid.valid_or_report(path, content(json))?;
    Some(Item::Dataset(Dataset {
        attributes: Vec::new(),
        content,
    }))
}

fn content(json: &Json) -> Result<Content, JsonError> {
    match json.as_object() {
        Some(object) if kind(object) == Some("stream") => {
            Ok(Content::Stream(text(object, "stream")?.into()))
        }
        _ => value::value(json).map(Content::Value),
    }
}

fn dataset(
    object: &Map<String, Json>,
    content: Content,
    path: &str,
    invalid: &mut InvalidItems,
) -> Item {
    Item::Dataset(Dataset {
        attributes: attributes(object, path, invalid),
        content,
    })
}

fn attributes(
    object: &Map<String, Json>,
    path: &str,
    invalid: &mut InvalidItems,
) -> NamedList<Value> {
    let mut attributes = Vec::new();
    for (name, json) in members(object, "attributes", path, invalid) {
        let valid = without_nul(name).and_then(|_| value::value(json));
        if let Some(value) = invalid.valid_or_report(&format!("{path}@{name}"), valid) {
            attributes.push((name.clone(), value));
        }
    }
    attributes
}

/// Returns the members of an optional object. A `null` is not valid.
fn members<'a>(
    object: &'a Map<String, Json>,
    name: &str,
    path: &str,
    invalid: &mut InvalidItems,
) -> impl Iterator<Item = (&'a String, &'a Json)> + use<'a> {
    let members = match object.get(name) {
        None => None,
        Some(Json::Object(members)) => Some(members),
        Some(_) => {
            invalid.add(path, wrong_type(name, "an object"));
            None
        }
    };
    members.into_iter().flatten()
}

/// Returns an error if the parts of a name, which may contain slashes, are no names.
fn valid_name(name: &str) -> Result<(), JsonError> {
    without_nul(name)?;
    match name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        true => Err(JsonError::Name(name.to_owned())),
        false => Ok(()),
    }
}
