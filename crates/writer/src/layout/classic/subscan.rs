//! Subscans: the top masters of an acquisition chain, one entry each.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::chain::{TopMaster, top_masters};
use super::channel::Channel;
use super::channel_draft::{ChannelDraft, ChannelReader};
use super::chunks;
use super::collisions::resolve;
use super::device_group::{self, DeviceGroup};
use super::dims::ScanDims;
use super::names::short_names;
use crate::layout::info::{is_truthy, mapping};
use crate::layout::{InfoError, LayoutError};
use crate::options::SaveOptions;
use crate::source::{StreamContent, StreamDescription};

/// Groups of `instrument` that hold the snapshots of all motors.
const SNAPSHOTS: [&str; 5] = [
    "positioners",
    "positioners_start",
    "positioners_end",
    "positioners_dial_start",
    "positioners_dial_end",
];

/// A top master of the acquisition chain and its channels.
#[derive(Debug, Clone)]
pub struct Subscan {
    /// Name of the top master.
    pub name: String,
    /// Name of its entry: the number of the scan, a dot, and its position among the subscans,
    /// counted from 1.
    pub entry: String,
    /// Its channels that have streams, in the order of their devices. Not all are stored in the
    /// file: frames that are not saved and streams that cannot be read are not.
    pub channels: Vec<Channel>,
    /// The device groups of all its channels, with or without streams, in the order of their devices.
    pub device_groups: Vec<DeviceGroup>,
    /// Messages about names and options that could not be used as they are.
    pub notices: Vec<String>,
}

/// Returns the subscans of a scan, in the order of their entries.
///
/// A stream belongs to the subscan that its publisher names, if that has a device for its channel, otherwise to the first
/// one that has. Streams without a device become detectors of the subscan that their publisher names, or of the first
/// one, which is created if there is none: all published data are saved.
///
/// # Errors
/// Returns an error if the scan has no number.
pub fn read(
    info: &Json,
    streams: &[StreamDescription],
    dims: &ScanDims,
    options: &SaveOptions,
) -> Result<Vec<Subscan>, LayoutError> {
    let (chunks, mut notices) = chunks::read(info);
    let reader = ChannelReader {
        info,
        dims,
        chunks,
        options,
    };
    let mut top_masters = top_masters(info, dims.scan.len());
    let mut assigned = AssignedStreams::new(streams, &top_masters);
    if top_masters.is_empty() && !assigned.without_device.is_empty() {
        top_masters.push(TopMaster {
            name: info.get("name").and_then(Json::as_str).unwrap_or("scan"),
            channels: Vec::new(),
        });
    }
    let number = number(info)?;
    let taken = taken(info, options);
    let mut subscans = Vec::new();
    for (index, top) in top_masters.iter().enumerate() {
        let mut drafts = assigned.drafts(&reader, top, index);
        let without_device = assigned.without_device.remove(&index).unwrap_or_default();
        drafts.extend(drafts_without_device(&reader, top, &without_device));
        notices.extend(without_device.iter().map(|stream| {
            format!(
                "channel {:?} belongs to no device: saved as a detector of {:?}",
                stream.name, top.name
            )
        }));
        let (channels, renamed) = resolve(drafts, &taken);
        notices.extend(renamed);
        let channels = with_units(channels, info);
        let device_groups = device_group::read(&reader, top, &channels, &taken);
        subscans.push(Subscan {
            name: top.name.to_owned(),
            entry: format!("{number}.{}", index + 1),
            channels,
            device_groups,
            notices: std::mem::take(&mut notices),
        });
    }
    Ok(subscans)
}

/// The streams of the subscans, which are known by their index.
struct AssignedStreams<'a> {
    /// Those that belong to a device, by subscan and channel.
    with_device: HashMap<(usize, &'a str), &'a StreamDescription>,
    /// Those that belong to none.
    without_device: HashMap<usize, Vec<&'a StreamDescription>>,
}

impl<'a> AssignedStreams<'a> {
    fn new(streams: &'a [StreamDescription], top_masters: &[TopMaster]) -> AssignedStreams<'a> {
        let mut assigned = AssignedStreams {
            with_device: HashMap::new(),
            without_device: HashMap::new(),
        };
        let mut others = Vec::new();
        for stream in streams {
            if matches!(stream.content, Ok(StreamContent::References)) {
                continue;
            }
            let named = assigned.named_place(stream, top_masters);
            match named {
                Some(place) => {
                    assigned.with_device.insert(place, stream);
                }
                None => others.push(stream),
            }
        }
        for stream in others {
            let channel = stream.channel.as_str();
            let mut places = (0..top_masters.len()).filter(|index| {
                let is_free = !assigned.with_device.contains_key(&(*index, channel));
                is_free && has_channel(&top_masters[*index], channel)
            });
            match places.next() {
                Some(index) => {
                    assigned.with_device.insert((index, channel), stream);
                }
                None => {
                    let index = named_subscan(stream, top_masters).unwrap_or(0);
                    let streams = assigned.without_device.entry(index);
                    streams.or_default().push(stream);
                }
            }
        }
        assigned
    }

    /// Returns the place of a stream in the subscan that its publisher names, if there is one and it is free.
    fn named_place(
        &self,
        stream: &'a StreamDescription,
        top_masters: &[TopMaster],
    ) -> Option<(usize, &'a str)> {
        let index = named_subscan(stream, top_masters)?;
        let place = (index, stream.channel.as_str());
        let is_there = has_channel(top_masters.get(index)?, &stream.channel);
        (is_there && !self.with_device.contains_key(&place)).then_some(place)
    }

    /// Returns the channels of a subscan that have streams. The names depend on channels without streams too.
    fn drafts(
        &mut self,
        reader: &ChannelReader,
        top: &TopMaster<'a>,
        index: usize,
    ) -> Vec<ChannelDraft> {
        let names: Vec<&str> = top.channels.iter().map(|(name, _)| *name).collect();
        let short = short_names(&names);
        let channels = top.channels.iter().filter_map(|(name, role)| {
            let stream = self.with_device.remove(&(index, *name))?;
            Some(reader.channel(stream, short.get(name)?, *role))
        });
        channels.collect()
    }
}

/// Returns the index of the subscan to which a stream belongs, as its publisher says.
fn named_subscan(stream: &StreamDescription, top_masters: &[TopMaster]) -> Option<usize> {
    let subscan = stream.subscan.as_deref()?;
    top_masters.iter().position(|top| top.name == subscan)
}

fn has_channel(top: &TopMaster, channel: &str) -> bool {
    top.channels.iter().any(|(name, _)| *name == channel)
}

/// Returns the channels that belong to no device. Their names do not change those of other
/// channels.
fn drafts_without_device(
    reader: &ChannelReader,
    top: &TopMaster,
    without_device: &[&StreamDescription],
) -> Vec<ChannelDraft> {
    let known = top.channels.iter().map(|(name, _)| *name);
    let names: Vec<&str> = known
        .chain(without_device.iter().map(|stream| stream.channel.as_str()))
        .collect();
    let short = short_names(&names);
    without_device
        .iter()
        .filter_map(|stream| {
            Some(reader.channel_without_device(stream, short.get(stream.channel.as_str())?))
        })
        .collect()
}

fn number(info: &Json) -> Result<String, LayoutError> {
    match info.get("scan_nb") {
        None | Some(Json::Null) => Err(LayoutError::Missing("scan_nb")),
        Some(Json::Number(number)) => Ok(number.to_string()),
        Some(other) => Err(LayoutError::Invalid {
            name: "scan_nb",
            reason: InfoError::NotNumber(other.to_string()),
        }),
    }
}

/// Returns the channels with the units of motors, where positioners have none of their own. As in `blisswriter`, the units
/// of a motor count if the snapshot at the start of the scan has the motor.
fn with_units(mut channels: Vec<Channel>, info: &Json) -> Vec<Channel> {
    let snapshots = info.get("positioners").unwrap_or(&Json::Null);
    let (Some(motors), Some(units)) = (
        mapping(snapshots, "positioners_start"),
        mapping(snapshots, "positioners_units"),
    ) else {
        return channels;
    };
    for channel in channels.iter_mut().filter(|one| one.is_positioner()) {
        let unit = units.get(&channel.link);
        let unit = unit.filter(|_| motors.contains_key(&channel.link) && is_truthy(unit));
        if let (Some(unit), false) = (unit, channel.data_info.contains_key("units")) {
            channel.data_info.insert("units".to_owned(), unit.clone());
        }
    }
    channels
}

/// Returns the members of `instrument` that are no devices.
fn taken(info: &Json, options: &SaveOptions) -> HashSet<String> {
    let mut taken: HashSet<String> = SNAPSHOTS.map(str::to_owned).into();
    if options.configurable
        && let Some(published) = info.get("nexuswriter")
    {
        let members = mapping(published, "instrument_info").into_iter().flatten();
        taken.extend(members.map(|(key, _)| member(key)));
    }
    let is_category = info
        .get("scan_meta_categories")
        .and_then(Json::as_array)
        .is_some_and(|categories| categories.iter().any(|name| name == "instrument"));
    if is_category {
        let members = mapping(info, "instrument").into_iter().flatten();
        // Attributes of a device are no members beside it.
        let data = members
            .filter(|(key, value)| !value.is_object() && !value.is_null() && !key.contains('@'));
        taken.extend(data.map(|(key, _)| member(key)));
    }
    taken.remove("");
    taken
}

/// Returns the member that a key of metadata belongs to: `name` for `>name`, `name/part` and
/// `name@attribute`.
fn member(key: &str) -> String {
    let name = key.rsplit_once('@').map_or(key, |(name, _)| name);
    let name = name.strip_prefix('>').unwrap_or(name);
    let parts = name.split('/').find(|part| !part.is_empty());
    parts.unwrap_or_default().to_owned()
}
