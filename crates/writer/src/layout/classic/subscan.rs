//! Subscans: the top masters of an acquisition chain, one entry each.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::chain::{TopMaster, top_masters};
use super::channel::Channel;
use super::channel_draft::{ChannelDraft, ChannelReader};
use super::chunks;
use super::collisions::resolve;
use super::dims::ScanDims;
use super::names::short_names;
use crate::layout::info::mapping;
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
    /// Messages about names and options that could not be used as they are.
    pub notices: Vec<String>,
}

/// Returns the subscans of a scan, in the order of their entries.
///
/// A stream belongs to the first subscan that has a device for it. Streams without a device become
/// detectors of the first subscan, which is created if there is none: all published data are saved.
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
    let mut open = UnassignedStreams::new(streams);
    let without_device = open.without_device(&top_masters);
    if top_masters.is_empty() && !without_device.is_empty() {
        top_masters.push(TopMaster {
            name: info.get("name").and_then(Json::as_str).unwrap_or("scan"),
            channels: Vec::new(),
        });
    }
    let number = number(info)?;
    let taken = taken(info, options);
    let mut subscans = Vec::new();
    for (index, top) in top_masters.iter().enumerate() {
        let mut drafts = open.drafts(&reader, top);
        if index == 0 {
            drafts.extend(drafts_without_device(&reader, top, &without_device));
            notices.extend(without_device.iter().map(|stream| {
                format!(
                    "channel {:?} belongs to no device: saved as a detector of {:?}",
                    stream.name, top.name
                )
            }));
        }
        let (channels, renamed) = resolve(drafts, &taken);
        notices.extend(renamed);
        subscans.push(Subscan {
            name: top.name.to_owned(),
            entry: format!("{number}.{}", index + 1),
            channels,
            notices: std::mem::take(&mut notices),
        });
    }
    Ok(subscans)
}

/// Streams that belong to no subscan yet.
struct UnassignedStreams<'a> {
    all: &'a [StreamDescription],
    open: HashMap<&'a str, &'a StreamDescription>,
}

impl<'a> UnassignedStreams<'a> {
    fn new(all: &'a [StreamDescription]) -> UnassignedStreams<'a> {
        let data = all
            .iter()
            .filter(|stream| !matches!(stream.content, Ok(StreamContent::References)));
        UnassignedStreams {
            all,
            open: data.map(|stream| (stream.name.as_str(), stream)).collect(),
        }
    }

    /// Removes and returns the streams that belong to no device.
    fn without_device(&mut self, top_masters: &[TopMaster]) -> Vec<&'a StreamDescription> {
        let channels = top_masters.iter().flat_map(|top| &top.channels);
        let known: HashSet<&str> = channels.map(|(name, _)| *name).collect();
        let without_device = self
            .all
            .iter()
            .filter(|stream| !known.contains(stream.name.as_str()));
        without_device
            .filter_map(|stream| self.open.remove(stream.name.as_str()))
            .collect()
    }

    /// Removes the streams of a subscan and returns their channels. The names depend on channels
    /// without streams too.
    fn drafts(&mut self, reader: &ChannelReader, top: &TopMaster) -> Vec<ChannelDraft> {
        let names: Vec<&str> = top.channels.iter().map(|(name, _)| *name).collect();
        let short = short_names(&names);
        let channels = top.channels.iter().filter_map(|(name, role)| {
            let stream = self.open.remove::<str>(name)?;
            Some(reader.channel(stream, short.get(name)?, *role))
        });
        channels.collect()
    }
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
        .chain(without_device.iter().map(|stream| stream.name.as_str()))
        .collect();
    let short = short_names(&names);
    without_device
        .iter()
        .filter_map(|stream| {
            Some(reader.channel_without_device(stream, short.get(stream.name.as_str())?))
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
        let data = members.filter(|(_, value)| !value.is_object() && !value.is_null());
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
