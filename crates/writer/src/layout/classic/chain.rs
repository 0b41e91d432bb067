//! The acquisition chain: which channels a subscan has, and which of them set its pace.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::devices::positioners::ChannelRole;
use crate::layout::info::is_truthy;
use crate::layout::info::{mapping, texts};

/// A top master with its channels.
#[derive(Debug)]
pub struct TopMaster<'a> {
    /// Its name.
    pub name: &'a str,
    /// Full names of its channels in the order of their devices, each once, and their roles.
    pub channels: Vec<(&'a str, ChannelRole)>,
}

/// Returns the top masters that have channels, sorted by name: `blisswriter` orders their entries
/// in this way, whatever their order in the chain.
pub fn top_masters(info: &Json, scan_dims: usize) -> Vec<TopMaster<'_>> {
    let mut top_masters: Vec<TopMaster> = mapping(info, "acquisition_chain")
        .into_iter()
        .flatten()
        .map(|(name, top)| TopMaster {
            name,
            channels: channels(info, top, scan_dims),
        })
        .filter(|top| !top.channels.is_empty())
        .collect();
    top_masters.sort_by_key(|top| top.name);
    top_masters
}

fn channels<'a>(info: &'a Json, top: &'a Json, scan_dims: usize) -> Vec<(&'a str, ChannelRole)> {
    let mut channels = Vec::new();
    let mut known = HashSet::new();
    let mut trigger = None;
    for key in texts(top, "devices") {
        let Some(device) = info.get("devices").and_then(|devices| devices.get(key)) else {
            continue;
        };
        if trigger.is_none() && is_truthy(device.get("triggered_devices")) {
            trigger = Some(key);
        }
        let names: Vec<&str> = texts(device, "channels").collect();
        for (index, name) in names.iter().enumerate() {
            let role = match trigger == Some(key) && is_scalar(info, name) {
                true => ChannelRole::of_trigger(name, index, names.len(), scan_dims),
                false => ChannelRole::Detector,
            };
            if known.insert(*name) {
                channels.push((*name, role));
            }
        }
    }
    channels
}

fn is_scalar(info: &Json, channel: &str) -> bool {
    let dim = info
        .get("channels")
        .and_then(|channels| channels.get(channel)?.get("dim"));
    dim.is_some_and(|dim| dim.as_f64() == Some(0.0) || *dim == Json::Bool(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn top_masters_are_sorted_and_have_channels() {
        let info = json!({
            "acquisition_chain": {
                "zaxis": {"devices": ["1:z"]},
                "timer": {"devices": ["2:t", "gone", 7]},
                "empty": {"devices": ["3:e"]},
                "odd": {"devices": "1:z"},
                "null": null,
            },
            "devices": {
                "1:z": {"channels": ["z:a", "z:a", null]},
                "2:t": {"channels": ["t:b"]},
                "3:e": {},
            },
        });
        let found: Vec<_> = top_masters(&info, 1)
            .iter()
            .map(|top| (top.name, top.channels.len()))
            .collect();
        assert_eq!(found, [("timer", 1), ("zaxis", 1)]);
        assert!(top_masters(&json!({"acquisition_chain": []}), 1).is_empty());
    }

    #[test]
    fn scalars_of_the_first_trigger_are_positioners() {
        let info = json!({
            "acquisition_chain": {"axis": {"devices": ["0", "1", "2", "3"]}},
            "devices": {
                "0": {"channels": ["first:a"], "triggered_devices": []},
                "1": {"channels": ["axis:x", "axis:y", "axis:mca"], "triggered_devices": ["2"]},
                "2": {"channels": ["timer:t"], "triggered_devices": ["3"]},
                "3": {"channels": ["ctl:diode"]},
            },
            "channels": {
                "first:a": {"dim": 0}, "axis:x": {"dim": 0}, "axis:y": {"dim": 0.0},
                "axis:mca": {"dim": 1}, "timer:t": {"dim": false}, "ctl:diode": {"dim": 0},
            },
        });
        let roles = |scan_dims| -> Vec<ChannelRole> {
            let top_masters = top_masters(&info, scan_dims);
            top_masters[0]
                .channels
                .iter()
                .map(|(_, role)| *role)
                .collect()
        };
        use ChannelRole::{Detector, Grouped, Positioner};
        let others = [Detector; 3];
        let grouped = [Detector, Grouped(true), Grouped(false)];
        assert_eq!(roles(1), [&grouped[..], &others[..]].concat());
        let mesh = [Detector, Positioner(0), Positioner(1)];
        assert_eq!(roles(2), [&mesh[..], &others[..]].concat());
    }

    #[test]
    fn positioners_without_company_are_not_grouped() {
        let info = |channels: Json| {
            json!({
                "acquisition_chain": {"axis": {"devices": ["1"]}},
                "devices": {"1": {"channels": channels, "triggered_devices": ["2"]}},
                "channels": {"axis:x": {"dim": 0}, "y": {"dim": 0}, "z": {}},
            })
        };
        let roles = |info: &Json| {
            top_masters(info, 1)
                .remove(0)
                .channels
                .into_iter()
                .map(|c| c.1)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            roles(&info(json!(["axis:x"]))),
            [ChannelRole::Positioner(0)]
        );
        assert_eq!(
            roles(&info(json!(["z", "y"]))),
            [ChannelRole::Detector, ChannelRole::Positioner(1)]
        );
    }
}
