//! Items: groups, links and datasets.

use nexus::tree::{Content, Dataset, Group, Item, Named, Value};
use serde_json::{Map, Value as Json};

use super::{Findings, kind, storage, text, value, without_nul, wrong_type};
use crate::layout::JsonError;

/// A group at `path` (empty for the root) with everything below it that is valid.
pub fn group(object: &Map<String, Json>, path: &str, found: &mut Findings) -> Group {
    let shown = if path.is_empty() { "/" } else { path };
    let attributes = attributes(object, shown, found);
    let mut children = Vec::new();
    for (name, child) in members(object, "children", shown, found) {
        let child_path = format!("{path}/{name}");
        if let Err(reason) = valid_name(name) {
            found.add(child_path, reason);
            continue;
        }
        if let Some(item) = item(child, &child_path, found) {
            children.push((name.clone(), item));
        }
    }
    Group {
        attributes,
        children,
    }
}

fn item(json: &Json, path: &str, found: &mut Findings) -> Option<Item> {
    let Some(object) = json.as_object() else {
        return plain(json, path, found);
    };
    match kind(object) {
        Some("group") => Some(Item::Group(group(object, path, found))),
        Some("soft_link") => {
            let target = found.keep(path, text(object, "target_path"))?.to_owned();
            Some(Item::SoftLink { target })
        }
        Some("external_link") => {
            let file = found.keep(path, text(object, "target_file"))?.to_owned();
            let target = found.keep(path, text(object, "target_path"))?.to_owned();
            Some(Item::ExternalLink { file, target })
        }
        Some("external_binary_dataset") => {
            let content = found.keep(path, storage::external(object))?;
            Some(dataset(object, Content::External(content), path, found))
        }
        Some("virtual_dataset") => {
            let content = found.keep(path, storage::virtual_sources(object))?;
            Some(dataset(object, Content::Virtual(content), path, found))
        }
        Some("dataset") | None => {
            let data = found.keep(path, super::field(object, "value"))?;
            let content = found.keep(path, content(data))?;
            Some(dataset(object, content, path, found))
        }
        Some(_) => plain(json, path, found),
    }
}

/// The short form: a dataset without attributes is its value.
fn plain(json: &Json, path: &str, found: &mut Findings) -> Option<Item> {
    let content = found.keep(path, content(json))?;
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

fn dataset(object: &Map<String, Json>, content: Content, path: &str, found: &mut Findings) -> Item {
    Item::Dataset(Dataset {
        attributes: attributes(object, path, found),
        content,
    })
}

fn attributes(object: &Map<String, Json>, path: &str, found: &mut Findings) -> Named<Value> {
    let mut attributes = Vec::new();
    for (name, json) in members(object, "attributes", path, found) {
        let valid = without_nul(name).and_then(|_| value::value(json));
        if let Some(value) = found.keep(&format!("{path}@{name}"), valid) {
            attributes.push((name.clone(), value));
        }
    }
    attributes
}

/// The members of an optional object; `null` is not the same as absent.
fn members<'a>(
    object: &'a Map<String, Json>,
    name: &str,
    path: &str,
    found: &mut Findings,
) -> impl Iterator<Item = (&'a String, &'a Json)> + use<'a> {
    let members = match object.get(name) {
        None => None,
        Some(Json::Object(members)) => Some(members),
        Some(_) => {
            found.add(path, wrong_type(name, "an object"));
            None
        }
    };
    members.into_iter().flatten()
}

/// A name may hold slashes; what lies between them must be names.
fn valid_name(name: &str) -> Result<(), JsonError> {
    without_nul(name)?;
    match name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        true => Err(JsonError::Name(name.to_owned())),
        false => Ok(()),
    }
}
