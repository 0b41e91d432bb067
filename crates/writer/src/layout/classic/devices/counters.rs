//! Counters that stand for themselves.

use super::{ChannelDescription, ChannelNames, PRINCIPAL, split_last};

/// A channel of no known type: a group of its own.
pub fn generic(channel: &ChannelDescription) -> ChannelNames {
    let device = match channel.short.trim_matches(':') {
        "" => "_",
        _ => channel.short,
    };
    ChannelNames::new(device, "data", PRINCIPAL)
}

/// A sampling counter, or one of the statistics that it has as companions.
pub fn sampling(channel: &ChannelDescription) -> Option<ChannelNames> {
    if channel.data_type == "signal" {
        let device = generic(channel).device;
        return Some(ChannelNames::new(device, "signal", PRINCIPAL));
    }
    let (device, key) = split_last(channel.short, '_');
    Some(ChannelNames::new(device, key, key))
}

/// A counter calculated from an automatic filter.
pub fn autofilter(parts: &[&str]) -> Option<ChannelNames> {
    match parts {
        [device, key] if !device.is_empty() => Some(ChannelNames::new(*device, *key, key)),
        _ => None,
    }
}
