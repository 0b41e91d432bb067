//! Multi-channel analysers: one group per detector element.

use super::{ChannelNames, PRINCIPAL, Units, split_last};

/// Returns the names of a channel like `device:roi_det0`. A channel without an element is a sum.
pub fn channel_names(parts: &[&str]) -> Option<ChannelNames> {
    let (last, device) = parts.split_last()?;
    Some(match split_last(last, '_') {
        ("", _) if !last.contains('_') => element(device, "sum", last, last.starts_with("roi")),
        (key, name) => element(device, name, key, key.starts_with("roi")),
    })
}

/// Returns the names of one quantity (`key`) of one element of a device.
pub fn element(device: &[&str], element: &str, key: &str, is_roi: bool) -> ChannelNames {
    let mut parts = device.to_vec();
    parts.push(element);
    let data_type = match key {
        _ if is_roi => "roi",
        "spectrum" => PRINCIPAL,
        "energy_livetime" => "livetime",
        key => key,
    };
    ChannelNames {
        units: Units::OfType(units(data_type)),
        ..ChannelNames::new(parts.join(":"), dataset(key), data_type)
    }
}

/// Returns the name of a quantity in the NeXus manual.
fn dataset(key: &str) -> &str {
    match key {
        "icr" => "trigger_count_rate",
        "ocr" => "event_count_rate",
        "deadtime" => "fractional_dead_time",
        "trigger_livetime" => "trigger_live_time",
        "energy_livetime" => "live_time",
        "realtime" => "elapsed_time",
        "det" => "spectrum",
        key => key,
    }
}

/// Returns the units of a quantity. `ocr` has none, as in files of `blisswriter`.
fn units(data_type: &str) -> Option<&'static str> {
    match data_type {
        "icr" => Some("hertz"),
        "livetime" | "trigger_livetime" | "realtime" => Some("s"),
        _ => None,
    }
}
