//! Devices: how the type of a device decides the names of its channels.
//!
//! BLISS publishes a type for each counter (`mca`, `lima`, ...). By this type `blisswriter` puts
//! the channels of one detector element or region of interest in one group. A channel that does not
//! follow the rules of its type is named like a channel without a type.

mod counters;
mod lima;
mod mca;
mod mosca;
pub mod positioners;
#[cfg(test)]
mod tests;

use serde_json::Value as Json;

/// Type of the principal data of a device.
pub const PRINCIPAL: &str = "principal";

/// A channel as its scan describes it.
#[derive(Debug, Clone, Copy)]
pub struct ChannelDescription<'a> {
    /// Its full name.
    pub name: &'a str,
    /// Its [short name](super::names::short_names).
    pub short: &'a str,
    /// Type of its device; empty if unknown.
    pub device_type: &'a str,
    /// Type of its data.
    pub data_type: &'a str,
    /// Element or elements of a detector that it belongs to.
    pub element: Option<&'a Json>,
    /// Whether the positioners of one device share a group.
    pub multivalue: bool,
}

/// Names of a channel, before invalid characters are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelNames {
    /// Name of its device group; empty if its dataset belongs in `measurement`.
    pub device: String,
    /// Name of its dataset.
    pub dataset: String,
    /// Type of its data.
    pub data_type: String,
    /// Whether the name of the device is enough to name the channel.
    pub single: bool,
    /// Units of its data.
    pub units: Units,
    /// Key of the metadata of its device that concerns this channel.
    pub selection: Option<String>,
}

/// Units of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// Those of the channel in the scan.
    OfChannel,
    /// Fixed units, or no units.
    OfType(Option<&'static str>),
}

/// Returns the names of a channel by the type of its device.
pub fn channel_names(channel: &ChannelDescription) -> ChannelNames {
    let parts: Vec<&str> = channel.name.split(':').collect();
    let names = match channel.device_type {
        "positioner" => Some(positioners::positioner(channel)),
        "positionergroup" => positioners::group(channel, &parts),
        "mca" => mca::channel_names(&parts),
        "mosca" => mosca::channel_names(&parts, channel.element),
        "lima" => lima::lima(&parts),
        "lima2" => lima::server(&parts, "frame"),
        "mythen" => lima::server(&parts, "spectrum"),
        "autofilter" => counters::autofilter(&parts),
        "samplingcounter" => counters::sampling(channel),
        _ => None,
    };
    names
        .filter(|names| !names.dataset.is_empty())
        .unwrap_or_else(|| counters::generic(channel))
}

impl ChannelNames {
    /// Returns the names of a channel whose type of data is also the name of its dataset.
    fn new(device: impl Into<String>, dataset: impl Into<String>, data_type: &str) -> ChannelNames {
        ChannelNames {
            device: device.into(),
            dataset: dataset.into(),
            data_type: data_type.to_owned(),
            single: data_type == PRINCIPAL,
            units: Units::OfChannel,
            selection: None,
        }
    }

    /// Returns `true` if the dataset is the principal data of its device.
    pub fn is_principal(&self) -> bool {
        self.data_type == PRINCIPAL
    }

    /// Returns the name of the channel in its subscan.
    pub fn link(&self) -> String {
        match self.single {
            true => self.device.clone(),
            false => format!("{}:{}", self.device, self.dataset),
        }
    }
}

/// Splits a name at the last separator. The first part is empty if there is none.
fn split_last(name: &str, separator: char) -> (&str, &str) {
    name.rsplit_once(separator).unwrap_or(("", name))
}
