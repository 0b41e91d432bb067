//! Metadata of devices and of the user.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::device_group::DeviceGroup;
use super::dict_to_nexus;
use super::subscan::Subscan;
use super::tree_builder::TreeBuilder;
use crate::layout::info::{is_truthy, mapping};

/// Adds the metadata of the devices, then the categories of the user.
pub fn build(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    devices(builder, subscan, info);
    categories(builder, subscan, info);
}

/// Adds the metadata of each acquisition device to all of its device groups. A group that channels of several devices
/// share has those of the first one.
fn devices(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    let mut done: HashMap<&str, Map<String, Json>> = HashMap::new();
    for group in &subscan.device_groups {
        let Some(metadata) = of_device(group, info) else {
            continue;
        };
        let path = group.path(&subscan.entry);
        match done.entry(&group.name) {
            Entry::Vacant(place) => {
                dict_to_nexus::add_mapping(builder, &path, &metadata, true);
                place.insert(metadata);
            }
            Entry::Occupied(place) if *place.get() == metadata => {}
            Entry::Occupied(_) => {
                let device = group.device_key(info).unwrap_or_default();
                let text =
                    format_args!("has the metadata of another device, not those of {device:?}");
                builder.notice(&path, text);
            }
        }
    }
}

/// Adds a notice for each acquisition device with metadata that has no group, because it has no channels.
pub fn report_unplaced(builder: &mut TreeBuilder, subscans: &[Subscan], info: &Json) {
    let Some(first) = subscans.first() else {
        return;
    };
    let groups = subscans.iter().flat_map(|subscan| &subscan.device_groups);
    let placed: HashSet<&str> = groups.filter_map(|group| group.device_key(info)).collect();
    for (key, device) in mapping(info, "devices").into_iter().flatten() {
        if is_truthy(device.get("metadata")) && !placed.contains(key.as_str()) {
            let text =
                format_args!("the metadata of device {key:?} are not saved: it has no channels");
            builder.notice(&first.entry, text);
        }
    }
}

/// Returns the metadata of the device that concern its group.
fn of_device(group: &DeviceGroup, info: &Json) -> Option<Map<String, Json>> {
    let device = info.get("devices")?.get(group.device_key(info)?)?;
    let metadata = device.get("metadata").filter(|m| is_truthy(Some(m)))?;
    let mut selected = Map::new();
    match (metadata, &group.selection) {
        (Json::Object(all), Some(key)) => {
            selected.insert("selection".to_owned(), all.get(key)?.clone());
        }
        (Json::Object(all), None) => selected.clone_from(all),
        (other, _) => {
            selected.insert("metadata".to_owned(), other.clone());
        }
    }
    dict_to_nexus::without_empty_mappings(&selected)
}

/// Adds the categories of the user to the entry, under their names. Members of the category
/// `instrument` are added to the groups of the devices; the builder does not change the class of
/// any group.
fn categories(builder: &mut TreeBuilder, subscan: &Subscan, info: &Json) {
    let entry = &subscan.entry;
    let Some(listed) = info.get("scan_meta_categories").and_then(Json::as_array) else {
        let reason = "no metadata of the user: the scan has no list of \"scan_meta_categories\"";
        return builder.notice(entry, reason);
    };
    let mut done = HashSet::from(["positioners", "nexuswriter"]);
    for name in listed {
        let Some(name) = name.as_str() else {
            builder.notice(entry, format_args!("{name} is not a category of metadata"));
            continue;
        };
        let category = info.get(name).filter(|json| is_truthy(Some(json)));
        let (Some(category), true) = (category, done.insert(name)) else {
            continue;
        };
        let mut mapping = Map::new();
        mapping.insert(name.to_owned(), with_class_key(category));
        if let Some(mapping) = dict_to_nexus::without_empty_mappings(&mapping) {
            dict_to_nexus::add_mapping(builder, entry, &mapping, true);
        }
    }
}

/// Renames the key `NX_class` of a category to that of a class: only categories may leave out the
/// `@`.
fn with_class_key(category: &Json) -> Json {
    match category.as_object() {
        None => category.clone(),
        Some(members) => members
            .iter()
            .map(|(key, json)| match key.as_str() {
                "NX_class" => (dict_to_nexus::CLASS.to_owned(), json.clone()),
                _ => (key.clone(), json.clone()),
            })
            .collect::<Map<_, _>>()
            .into(),
    }
}
