//! The "dict to NeXus" convention: mappings of metadata as groups, datasets, attributes and links.
//!
//! The convention is that of silx (`silx.io.dictdump.dicttonx`), which `blisswriter` 2.0.0 uses to
//! update existing items. Keys are names of members, `name@attribute`, `@attribute` of the group
//! itself, or `>name` for links.

pub mod attribute;
mod link;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::tree_builder::{MetadataPurpose, TreeBuilder, join};
use super::value::convert;

/// The key of a group's class.
pub const CLASS: &str = "@NX_class";

/// Adds the members of a mapping to the group at `path`, which is created if it is missing.
///
/// If `completed` is set, mappings without a class become NXcollection. A null deletes an existing
/// item. Classes of groups never change. Metadata never replace acquired data or items of the
/// writer: they are stored under another name, with a notice.
pub fn add_mapping(
    builder: &mut TreeBuilder,
    path: &str,
    mapping: &Map<String, Json>,
    completed: bool,
) {
    if builder.group(path) {
        add_members(builder, path, mapping, completed);
        if completed && !mapping.contains_key(CLASS) {
            set_default_class(builder, path);
        }
    }
}

/// Removes mappings that are empty or hold only a class. Returns `None` if nothing remains.
pub fn without_empty_mappings(mapping: &Map<String, Json>) -> Option<Map<String, Json>> {
    let members = mapping.iter().filter_map(|(key, json)| match json {
        Json::Object(inner) => Some((key.clone(), Json::Object(without_empty_mappings(inner)?))),
        json => Some((key.clone(), json.clone())),
    });
    let members: Map<String, Json> = members.collect();
    members.keys().any(|key| key != CLASS).then_some(members)
}

fn add_members(
    builder: &mut TreeBuilder,
    path: &str,
    mapping: &Map<String, Json>,
    completed: bool,
) {
    let avoided = names(path, mapping);
    let mut placed = HashMap::new();
    let mut taken = HashSet::new();
    for (key, json) in mapping {
        if key.contains('@') {
            continue;
        }
        match json {
            Json::Null => builder.remove_metadata(path, key),
            Json::Object(inner) => {
                let here = builder.metadata_path(path, key, MetadataPurpose::Group, &avoided);
                if builder.group(&here) {
                    add_members(builder, &here, inner, completed);
                }
                let has_class =
                    inner.contains_key(CLASS) || mapping.contains_key(&format!("{key}{CLASS}"));
                if completed && !has_class {
                    set_default_class(builder, &here);
                }
                placed.insert(key.as_str(), here);
            }
            Json::String(target) if key.starts_with('>') && link::is_target(target) => {
                link::add(builder, path, key.trim_start_matches('>'), target, &avoided);
            }
            json => {
                let mut name = key.clone();
                let mut here = builder.metadata_path(path, &name, MetadataPurpose::Value, &avoided);
                // Two keys may mean the same path.
                while taken.contains(&here) {
                    name.push_str("_metadata");
                    here = builder.metadata_path(path, &name, MetadataPurpose::Value, &avoided);
                }
                add_value(builder, &here, json);
                taken.insert(here.clone());
                placed.insert(key.as_str(), here);
            }
        }
    }
    for (key, json) in mapping {
        if let Some((name, attribute)) = key.rsplit_once('@') {
            let here = match placed.get(name) {
                _ if name.is_empty() => path.to_owned(),
                Some(here) => here.clone(),
                None => builder.metadata_path(path, name, MetadataPurpose::Attribute, &avoided),
            };
            attribute::add(builder, &here, attribute, json);
        }
    }
}

/// Adds what may be a value or a mapping. A mapping becomes a group without a class, unless it has one.
pub fn add(builder: &mut TreeBuilder, path: &str, json: &Json) {
    match json {
        Json::Object(members) => add_mapping(builder, path, members, false),
        value => add_value(builder, path, value),
    }
}

/// Adds one value, with a notice if it is not stored exactly as it is.
pub fn add_value(builder: &mut TreeBuilder, path: &str, json: &Json) {
    let converted = convert(json);
    if let Some(notice) = converted.notice {
        builder.notice(path, notice);
    }
    builder.value(path, converted.value);
}

/// Returns the paths that the members of a mapping have if none of them is taken.
fn names(path: &str, mapping: &Map<String, Json>) -> HashSet<String> {
    let names = mapping.keys().map(|key| {
        let name = key.rsplit_once('@').map_or(key.as_str(), |(name, _)| name);
        let name = name.trim_start_matches(['>', '/']);
        join(path, name.split('/').next().unwrap_or_default())
    });
    names.collect()
}

/// Sets the class of a group that has none.
fn set_default_class(builder: &mut TreeBuilder, path: &str) {
    if builder.is_group(path) && !builder.has_attribute(path, "NX_class") {
        builder.attribute(path, "NX_class", "NXcollection".into());
    }
}
