//! Acquired data: device groups, places of streams, and links to them.

use nexus::tree::{Named, Stream, Value};

use super::channel::Channel;
use super::dict_to_nexus;
use super::subscan::Subscan;
use super::tree_builder::TreeBuilder;
use super::value::convert;
use crate::layout::FrameOptions;
use crate::layout::facts::ScanFacts;
use crate::layout::stream::StreamDestination;
use crate::options::SaveOptions;
use crate::source::StreamContent;

/// Where the streams of a subscan go.
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

/// Keeps metadata away from the paths of all data, aliases and links in `measurement`. The links in
/// `positioners` are not among them: until there are data, a snapshot has that place.
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

/// Draws the groups of devices from which something has come, and for data that are stored their
/// places, aliases and links.
pub fn build(builder: &mut TreeBuilder, subscan: &Subscan, facts: &ScanFacts) {
    for channel in &subscan.channels {
        let Some(stream) = facts.streams.get(&channel.stream.name) else {
            continue;
        };
        if has_group(channel) {
            build_device(builder, channel, &subscan.entry);
            if stream.stored && has_place(channel) {
                build_data(builder, channel, &subscan.entry);
            }
        }
    }
}

fn build_device(builder: &mut TreeBuilder, channel: &Channel, entry: &str) {
    if channel.device.is_empty() {
        builder.class_group(&format!("{entry}/measurement"), "NXcollection");
        return;
    }
    builder.class_group(&format!("{entry}/instrument"), "NXinstrument");
    let group = channel.group_path(entry);
    builder.class_group(&group, channel.class());
    let mut description = channel.device_info.clone();
    // The class says whether this is a positioner: no metadata may change it.
    description.retain(|key, _| key != "@NX_class");
    dict_to_nexus::add_mapping(builder, &group, &description, true);
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

/// Whether the file tells of the channel, be it only by the group of its device.
fn has_group(channel: &Channel) -> bool {
    match &channel.stream.content {
        Ok(StreamContent::Frames(files)) => !files.is_discarded(),
        Ok(StreamContent::Numbers { .. } | StreamContent::MasterFile(_)) => true,
        Ok(StreamContent::References) | Err(_) => false,
    }
}

fn has_place(channel: &Channel) -> bool {
    let files = channel.stream.detector_files();
    let is_saved = files.is_none_or(|files| files.format().is_some());
    has_group(channel) && is_saved
}

/// Whether `measurement` links to the dataset: not if it is there itself, nor if it only lists files.
fn is_linked(channel: &Channel) -> bool {
    !channel.device.is_empty() && !channel.lists_files
}

fn attributes(channel: &Channel) -> Named<Value> {
    let told = channel.data_info.iter();
    told.map(|(name, json)| (name.clone(), convert(json).value))
        .collect()
}

#[cfg(test)]
mod tests;
