//! Positioners: motors, timers and other channels that set the pace of a subscan.

use super::{ChannelDescription, ChannelNames, PRINCIPAL};

/// The role of a channel in its subscan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelRole {
    /// It is measured.
    Detector,
    /// It is one of several positions that belong together; `true` for the first of them.
    Grouped(bool),
    /// It is set. The value is its index among the channels of its device.
    Positioner(usize),
}

impl ChannelRole {
    /// Returns the role of a scalar channel of the device that triggers a subscan. It is number
    /// `index` of `channels`.
    pub fn of_trigger(name: &str, index: usize, channels: usize, scan_dims: usize) -> ChannelRole {
        match scan_dims <= 1 && channels > 1 && name.contains(':') {
            true => ChannelRole::Grouped(index == 0),
            false => ChannelRole::Positioner(index),
        }
    }

    /// Returns the type of device and the type of data of this role, or `None` for detectors.
    pub fn types(self) -> Option<(&'static str, &'static str)> {
        match self {
            ChannelRole::Detector => None,
            ChannelRole::Grouped(true) => Some(("positionergroup", PRINCIPAL)),
            ChannelRole::Grouped(false) => Some(("positionergroup", "")),
            ChannelRole::Positioner(_) => Some(("positioner", PRINCIPAL)),
        }
    }

    /// Returns the index among the positioners of the device, for the axes of plots.
    pub fn master_index(self) -> Option<usize> {
        match self {
            ChannelRole::Detector => None,
            ChannelRole::Grouped(_) => Some(0),
            ChannelRole::Positioner(index) => Some(index),
        }
    }
}

/// Returns the names of a single positioner.
pub fn positioner(channel: &ChannelDescription) -> ChannelNames {
    ChannelNames::new(device(channel), "value", PRINCIPAL)
}

/// Returns the names of one of several positioners that belong together.
pub fn group(channel: &ChannelDescription, parts: &[&str]) -> Option<ChannelNames> {
    let (last, first) = parts.split_last()?;
    let data_type = match channel.data_type {
        PRINCIPAL => PRINCIPAL,
        _ => last,
    };
    if !channel.multivalue {
        let names = ChannelNames::new(device(channel), "value", data_type);
        return Some(ChannelNames {
            single: true,
            ..names
        });
    }
    let dataset = match channel.data_type {
        PRINCIPAL => "value",
        _ => last,
    };
    let device = match first.join(":") {
        group if group.is_empty() => device(channel),
        group => group,
    };
    Some(ChannelNames::new(device, dataset, data_type))
}

fn device(channel: &ChannelDescription) -> String {
    super::counters::generic(channel).device
}
