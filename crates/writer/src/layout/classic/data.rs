//! Acquired data: device groups, destinations of streams, and links to them.

use std::collections::HashMap;

use nexus::tree::{NamedList, Stream, Value};
use serde_json::{Map, Value as Json};

use super::channel::Channel;
use super::dict_to_nexus;
use super::release::Release;
use super::subscan::Subscan;
use super::tree_builder::TreeBuilder;
use super::value::convert;
use crate::layout::FrameOptions;
use crate::layout::facts::ScanFacts;
use crate::layout::stream::StreamDestination;
use crate::options::SaveOptions;
use crate::source::StreamContent;

/// Returns where the streams of a subscan are stored.
pub fn destinations(
    subscan: &Subscan,
    file: &str,
    options: &SaveOptions,
) -> Vec<StreamDestination> {
    let channels = subscan.channels.iter().filter(|channel| has_place(channel));
    let destinations = channels.map(|channel| StreamDestination {
        stream: channel.stream.name.clone(),
        subscan: subscan.name.clone(),
        file: file.to_owned(),
        path: format!("/{}", channel.path(&subscan.entry)),
        attributes: attributes(channel),
        storage: channel.storage.clone(),
        frames: FrameOptions {
            hdf5: options.allow_external_hdf5,
            non_hdf5: options.allow_external_nonhdf5,
            copy: options.copy_non_external,
        },
    });
    destinations.collect()
}

/// Reserves the paths of all data, of their aliases, and of their links in `measurement`, so that
/// metadata cannot have them. The links in `positioners` are not reserved: until there are data, a
/// snapshot has their path.
pub fn reserve(builder: &mut TreeBuilder, subscan: &Subscan) {
    let entry = &subscan.entry;
    for channel in subscan.channels.iter().filter(|channel| has_place(channel)) {
        builder.reserve(&channel.path(entry));
        if let Some(alias) = &channel.alias {
            builder.reserve(&format!("{}/{alias}", channel.group_path(entry)));
        }
        if is_linked(channel) {
            builder.reserve(&format!("{entry}/measurement/{}", channel.link));
        }
    }
}

/// Adds the groups of devices from which data have come, or of all devices, as the release does, and the datasets,
/// aliases and links of data that are stored.
pub fn build(builder: &mut TreeBuilder, subscan: &Subscan, release: Release, facts: &ScanFacts) {
    let mut described = HashMap::new();
    for channel in &subscan.channels {
        let stream = facts.streams.get(&channel.stream.name);
        let is_there = stream.is_some() || release.has_devices_without_data();
        if is_there && has_group(channel) {
            let known = described.entry(channel.device.as_str()).or_default();
            build_device(builder, channel, &subscan.entry, known);
            if stream.is_some_and(|stream| stream.stored) && has_place(channel) {
                build_data(builder, channel, &subscan.entry);
            }
        }
    }
}

/// Adds the group of a device. `known` are the metadata that the channels before have given for it, which stay.
/// `blisswriter` 2.0.0 assigns them anew in the order in which its channels get data.
fn build_device(
    builder: &mut TreeBuilder,
    channel: &Channel,
    entry: &str,
    known: &mut Map<String, Json>,
) {
    if channel.device.is_empty() {
        builder.class_group(&format!("{entry}/measurement"), "NXcollection");
        return;
    }
    builder.class_group(&format!("{entry}/instrument"), "NXinstrument");
    let group = channel.group_path(entry);
    builder.class_group(&group, channel.class());
    let description = dict_to_nexus::without_empty_mappings(&channel.device_info);
    let mut description = description.unwrap_or_default();
    // The class says whether this is a positioner, so metadata must not change it.
    description.retain(|key, _| key != "@NX_class");
    if !merge_new(known, &mut description) {
        let channel = &channel.stream.channel;
        let text = format_args!(
            "is described in another way by channel {channel:?}, which does not count"
        );
        builder.notice(&group, text);
    }
    dict_to_nexus::add_mapping(builder, &group, &description, true);
}

/// Removes from `added` what is known already, and adds the rest to `known`. Returns `false` if something that is known
/// differs.
fn merge_new(known: &mut Map<String, Json>, added: &mut Map<String, Json>) -> bool {
    let mut agrees = true;
    added.retain(|key, value| match (known.get_mut(key), value) {
        (Some(Json::Object(known)), Json::Object(value)) => {
            agrees &= merge_new(known, value);
            !value.is_empty()
        }
        (Some(known), value) => {
            agrees &= known == value;
            false
        }
        (None, value) => {
            known.insert(key.clone(), value.clone());
            true
        }
    });
    agrees
}

fn build_data(builder: &mut TreeBuilder, channel: &Channel, entry: &str) {
    let path = channel.path(entry);
    let stream = Stream {
        name: channel.stream.name.clone(),
        storage: channel.storage.clone(),
    };
    builder.stream(&path, stream, attributes(channel));
    for (name, json) in &channel.data_info {
        if let Some(notice) = convert(json).notice {
            builder.notice(&format!("{path}@{name}"), notice);
        }
    }
    if let Some(alias) = &channel.alias {
        let alias = format!("{}/{alias}", channel.group_path(entry));
        builder.link(&alias, &channel.dataset);
    }
    if !is_linked(channel) {
        return;
    }
    let target = format!("/{path}");
    let measurement = format!("{entry}/measurement");
    builder.class_group(&measurement, "NXcollection");
    builder.link(&format!("{measurement}/{}", channel.link), &target);
    if channel.is_positioner() {
        let positioners = format!("{entry}/instrument/positioners");
        builder.class_group(&positioners, "NXcollection");
        let link = format!("{positioners}/{}", channel.link);
        builder.remove(&link);
        builder.link(&link, &target);
    }
}

/// Returns `true` if the file has at least the device group of the channel.
fn has_group(channel: &Channel) -> bool {
    match &channel.stream.content {
        Ok(StreamContent::Frames(files)) => !files.is_discarded(),
        Ok(
            StreamContent::Numbers { .. }
            | StreamContent::Texts { .. }
            | StreamContent::MasterFile(_),
        ) => true,
        Ok(StreamContent::References) | Err(_) => false,
    }
}

fn has_place(channel: &Channel) -> bool {
    let files = channel.stream.detector_files();
    let is_saved = files.is_none_or(|files| files.format().is_some());
    has_group(channel) && is_saved
}

/// Returns `true` if `measurement` has a link to the dataset. It has none if the dataset is a
/// member itself or only lists files.
fn is_linked(channel: &Channel) -> bool {
    !channel.device.is_empty() && !channel.lists_files
}

fn attributes(channel: &Channel) -> NamedList<Value> {
    let attributes = channel.data_info.iter();
    attributes
        .map(|(name, json)| (name.clone(), convert(json).value))
        .collect()
}

#[cfg(test)]
mod tests;
