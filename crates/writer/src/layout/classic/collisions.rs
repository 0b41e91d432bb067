//! Names that several channels would have.
//!
//! Different names can become equal when characters are replaced that a file cannot have. In this
//! case `blisswriter` writes one channel over the other, or fails; here the later channel gets a
//! number.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::channel::Channel;
use super::channel_draft::ChannelDraft;
use super::names::unique;

/// Assigns a distinct name to each channel of a subscan. Device groups do not get the names in
/// `taken`.
///
/// The second part of the result has a message for each name that had to change.
pub fn resolve(
    mut drafts: Vec<ChannelDraft>,
    taken: &HashSet<String>,
) -> (Vec<Channel>, Vec<String>) {
    let mut notices = Vec::new();
    let mut groups = DeviceGroups::new(taken, &drafts);
    for (_, members) in by_device(&drafts) {
        groups.resolve(&mut drafts, &members, &mut notices);
    }
    drop_aliases(&mut drafts);
    let mut links = MeasurementLinks::new(&drafts);
    for draft in &mut drafts {
        links.resolve(&mut draft.channel, &mut notices);
    }
    let channels = drafts.into_iter().map(|draft| draft.channel).collect();
    (channels, notices)
}

/// Returns the indices of the channels of each device and class.
fn by_device(drafts: &[ChannelDraft]) -> IndexMap<(String, &'static str), Vec<usize>> {
    let mut devices: IndexMap<_, Vec<usize>> = IndexMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let key = (draft.device.clone(), draft.channel.class());
        devices.entry(key).or_default().push(index);
    }
    devices
}

/// Device groups and their datasets.
struct DeviceGroups<'a> {
    taken: &'a HashSet<String>,
    /// Names that devices have unless they collide.
    wanted: HashSet<String>,
    /// Class and datasets of the groups whose name is final.
    resolved: HashMap<String, (&'static str, HashSet<String>)>,
}

impl<'a> DeviceGroups<'a> {
    fn new(taken: &'a HashSet<String>, drafts: &[ChannelDraft]) -> DeviceGroups<'a> {
        DeviceGroups {
            taken,
            wanted: drafts.iter().map(|d| d.channel.device.clone()).collect(),
            resolved: HashMap::new(),
        }
    }

    /// Assigns the final names of a device group and of the datasets in it.
    fn resolve(
        &mut self,
        drafts: &mut [ChannelDraft],
        members: &[usize],
        notices: &mut Vec<String>,
    ) {
        let Some(first) = members.first().map(|index| &drafts[*index]) else {
            return;
        };
        let class = first.channel.class();
        let name = first.channel.device.clone();
        let datasets: HashSet<String> = members
            .iter()
            .map(|index| drafts[*index].channel.dataset.clone())
            .collect();
        let device = match self.has_room(&name, class, &datasets) {
            true => name.clone(),
            false => unique(&name, |candidate| self.is_free(candidate)),
        };
        if device != name {
            notices.push(format!(
                "device {:?} is saved as {device:?}: the name {name:?} is taken",
                first.device
            ));
        }
        let (_, used) = self
            .resolved
            .entry(device.clone())
            .or_insert_with(|| (class, HashSet::new()));
        for index in members {
            let ChannelDraft {
                channel, single, ..
            } = &mut drafts[*index];
            let dataset = unique(&channel.dataset, |candidate| {
                let others = candidate != channel.dataset && datasets.contains(candidate);
                !used.contains(candidate) && !others
            });
            used.insert(dataset.clone());
            if dataset != channel.dataset {
                notices.push(format!(
                    "channel {:?} is saved as {dataset:?} of {device:?}: the name {:?} is taken",
                    channel.stream.name, channel.dataset
                ));
            }
            if device != name || dataset != channel.dataset {
                channel.link = match *single && dataset == channel.dataset {
                    true => device.clone(),
                    false => format!("{device}_{dataset}"),
                };
            }
            channel.device = device.clone();
            channel.dataset = dataset;
        }
    }

    /// Returns `true` if the datasets can be in a group of this name, perhaps beside those of other
    /// devices.
    fn has_room(&self, name: &str, class: &str, datasets: &HashSet<String>) -> bool {
        if name.is_empty() {
            return true;
        }
        let fits = |(resolved, used): &(&str, HashSet<String>)| {
            *resolved == class && used.is_disjoint(datasets)
        };
        !self.taken.contains(name) && self.resolved.get(name).is_none_or(fits)
    }

    fn is_free(&self, name: &str) -> bool {
        !self.taken.contains(name)
            && !self.wanted.contains(name)
            && !self.resolved.contains_key(name)
    }
}

/// Drops aliases whose names are taken by datasets or by the alias of an earlier channel: an alias
/// is only a convenience.
fn drop_aliases(drafts: &mut [ChannelDraft]) {
    let mut used: HashSet<(String, String)> = drafts
        .iter()
        .map(|ChannelDraft { channel, .. }| (channel.device.clone(), channel.dataset.clone()))
        .collect();
    for ChannelDraft { channel, .. } in drafts {
        let device = &channel.device;
        channel.alias = channel
            .alias
            .take()
            .filter(|alias| used.insert((device.clone(), alias.clone())));
    }
}

/// Members of `measurement`.
struct MeasurementLinks {
    used: HashSet<String>,
    wanted: HashSet<String>,
}

impl MeasurementLinks {
    fn new(drafts: &[ChannelDraft]) -> MeasurementLinks {
        let channels = || drafts.iter().map(|draft| &draft.channel);
        let datasets = channels().filter(|channel| channel.device.is_empty());
        MeasurementLinks {
            used: datasets.map(|channel| channel.dataset.clone()).collect(),
            wanted: channels().map(|channel| channel.link.clone()).collect(),
        }
    }

    fn resolve(&mut self, channel: &mut Channel, notices: &mut Vec<String>) {
        if channel.device.is_empty() {
            channel.link.clone_from(&channel.dataset);
            return;
        }
        let link = unique(&channel.link, |candidate| {
            let others = candidate != channel.link && self.wanted.contains(candidate);
            !self.used.contains(candidate) && !others
        });
        if link != channel.link {
            notices.push(format!(
                "channel {:?} is linked as {link:?} in the measurement group: the name {:?} is taken",
                channel.stream.name, channel.link
            ));
        }
        self.used.insert(link.clone());
        channel.link = link;
    }
}

#[cfg(test)]
mod tests;
