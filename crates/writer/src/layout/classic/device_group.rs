//! Groups of devices, which exist for their metadata even if no data come from their channels.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value as Json;

use super::chain::TopMaster;
use super::channel::Channel;
use super::channel_draft::ChannelReader;
use super::names::short_names;
use crate::source::StreamDescription;

/// The group in `instrument` of one channel. Several channels may share a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGroup {
    /// Name of the group.
    pub name: String,
    /// Its class.
    pub class: &'static str,
    /// Full name of the channel.
    pub channel: String,
    /// Key of the acquisition device in `info["devices"]`, if the info of the prepared scan names it.
    pub device_key: Option<String>,
    /// Key of the device's metadata that is stored as `selection`; `None` if all metadata are stored.
    pub selection: Option<String>,
}

impl DeviceGroup {
    /// Returns the group of a channel.
    pub fn of(channel: &Channel) -> DeviceGroup {
        DeviceGroup {
            name: channel.device.clone(),
            class: channel.class(),
            channel: channel.stream.channel.clone(),
            device_key: channel.device_key.clone(),
            selection: channel.selection.clone(),
        }
    }

    /// Returns the key of the acquisition device in `info["devices"]`, as a version of the info says, or else as that of
    /// the prepared scan does.
    pub fn device_key<'a>(&'a self, info: &'a Json) -> Option<&'a str> {
        let channel = info.get("channels").and_then(|all| all.get(&self.channel));
        let key = channel.and_then(|channel| channel.get("device")?.as_str());
        key.or(self.device_key.as_deref())
    }

    /// Returns the path of the group in an entry.
    pub fn path(&self, entry: &str) -> String {
        format!("{entry}/instrument/{}", self.name)
    }
}

/// Returns the device groups of a subscan. `channels` are those with streams, whose names are final. A channel without
/// a stream has the group that its name asks for, unless that is a group of another class or something else (`taken`).
/// Channels whose dataset is a member of `measurement` have none.
pub fn read(
    reader: &ChannelReader,
    top: &TopMaster,
    channels: &[Channel],
    taken: &HashSet<String>,
) -> Vec<DeviceGroup> {
    let mut classes: HashMap<&str, &str> = HashMap::new();
    // Two channels may have one name.
    let mut with_stream: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (index, channel) in channels.iter().enumerate() {
        classes.insert(&channel.device, channel.class());
        let same_name = with_stream.entry(&channel.stream.channel).or_default();
        same_name.push_back(index);
    }
    let names: Vec<&str> = top.channels.iter().map(|(name, _)| *name).collect();
    let short = short_names(&names);
    let mut groups: Vec<DeviceGroup> = Vec::new();
    for (name, role) in &top.channels {
        if let Some(index) = with_stream.get_mut(name).and_then(VecDeque::pop_front) {
            groups.push(DeviceGroup::of(&channels[index]));
            continue;
        }
        let Some(short) = short.get(name) else {
            continue;
        };
        let nothing = StreamDescription::new(*name, Err("not published".to_owned()));
        let group = DeviceGroup::of(&reader.channel(&nothing, short, *role).channel);
        let class = classes.get(group.name.as_str());
        if !taken.contains(&group.name) && class.is_none_or(|class| *class == group.class) {
            groups.push(group);
        }
    }
    let mut others: Vec<usize> = with_stream.into_values().flatten().collect();
    others.sort_unstable();
    groups.extend(
        others
            .into_iter()
            .map(|index| DeviceGroup::of(&channels[index])),
    );
    groups.retain(|group| !group.name.is_empty());
    groups
}
