//! Counters without a type, and those that have a group of their own.

use super::{ChannelDescription, ChannelNames, PRINCIPAL, split_last};

/// Returns the names of a channel without a known type, which has a group of its own.
pub fn generic(channel: &ChannelDescription) -> ChannelNames {
    let device = match channel.short.trim_matches(':') {
        "" => "_",
        _ => channel.short,
    };
    ChannelNames::new(device, "data", PRINCIPAL)
}

/// Returns the names of a sampling counter, or of one of its statistics.
pub fn sampling(channel: &ChannelDescription) -> Option<ChannelNames> {
    if channel.data_type == "signal" {
        let device = generic(channel).device;
        return Some(ChannelNames::new(device, "signal", PRINCIPAL));
    }
    let (device, key) = split_last(channel.short, '_');
    let data_type = match key {
        "signal" => PRINCIPAL,
        key => key,
    };
    Some(ChannelNames::new(device, key, data_type))
}

/// Returns the names of a counter that an automatic filter calculates.
pub fn autofilter(parts: &[&str]) -> Option<ChannelNames> {
    match parts {
        [device, key] if !device.is_empty() => Some(ChannelNames::new(*device, *key, key)),
        _ => None,
    }
}
