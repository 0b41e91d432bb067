//! Counters that stand for themselves.

use super::{Described, Naming, PRINCIPAL, split_last};

/// A channel of no known type: a group of its own.
pub fn generic(channel: &Described) -> Naming {
    let device = match channel.short.trim_matches(':') {
        "" => "_",
        _ => channel.short,
    };
    Naming::new(device, "data", PRINCIPAL)
}

/// A sampling counter, or one of the statistics that it has as companions.
pub fn sampling(channel: &Described) -> Option<Naming> {
    if channel.data_type == "signal" {
        let device = generic(channel).device;
        return Some(Naming::new(device, "signal", PRINCIPAL));
    }
    let (device, key) = split_last(channel.short, '_');
    Some(Naming::new(device, key, key))
}

/// A counter calculated from an automatic filter.
pub fn autofilter(parts: &[&str]) -> Option<Naming> {
    match parts {
        [device, key] if !device.is_empty() => Some(Naming::new(*device, *key, key)),
        _ => None,
    }
}
