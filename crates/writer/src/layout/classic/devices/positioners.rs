//! Positioners: motors, timers and whatever else sets the pace of a subscan.

use super::{Described, Naming, PRINCIPAL};

/// What a channel is for its subscan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is measured.
    Detector,
    /// It is one of several positions that belong together; whether it is the first of them.
    Grouped(bool),
    /// It is set; its place among the channels of its device.
    Positioner(usize),
}

impl Role {
    /// Role of a channel of the device that triggers a subscan: scalar, the `index`-th of `channels`.
    pub fn of_trigger(name: &str, index: usize, channels: usize, scan_dims: usize) -> Role {
        match scan_dims <= 1 && channels > 1 && name.contains(':') {
            true => Role::Grouped(index == 0),
            false => Role::Positioner(index),
        }
    }

    /// The type of device and of data that go with it; none for detectors.
    pub fn types(self) -> Option<(&'static str, &'static str)> {
        match self {
            Role::Detector => None,
            Role::Grouped(true) => Some(("positionergroup", PRINCIPAL)),
            Role::Grouped(false) => Some(("positionergroup", "")),
            Role::Positioner(_) => Some(("positioner", PRINCIPAL)),
        }
    }

    /// Place among the positioners of the device, for the axes of plots.
    pub fn master_index(self) -> Option<usize> {
        match self {
            Role::Detector => None,
            Role::Grouped(_) => Some(0),
            Role::Positioner(index) => Some(index),
        }
    }
}

/// A positioner on its own.
pub fn positioner(channel: &Described) -> Naming {
    Naming::new(device(channel), "value", PRINCIPAL)
}

/// One of the positioners that belong together.
pub fn group(channel: &Described, parts: &[&str]) -> Option<Naming> {
    let (last, first) = parts.split_last()?;
    let data_type = match channel.data_type {
        PRINCIPAL => PRINCIPAL,
        _ => last,
    };
    if !channel.multivalue {
        let naming = Naming::new(device(channel), "value", data_type);
        return Some(Naming {
            single: true,
            ..naming
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
    Some(Naming::new(device, dataset, data_type))
}

fn device(channel: &Described) -> String {
    super::counters::generic(channel).device
}
