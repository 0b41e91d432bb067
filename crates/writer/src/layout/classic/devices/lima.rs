//! Detectors behind a server of their own: images, spectra and what is computed from them.

use super::{ChannelNames, PRINCIPAL, split_last};

/// Returns the names of a channel of a Lima detector. Each region of interest has a group of its
/// own.
pub fn lima(parts: &[&str]) -> Option<ChannelNames> {
    let [device, kind, name] = parts else {
        return server(parts, "image").map(|names| typed(names.device, &names.dataset));
    };
    let selected = |device: &str, roi: &str, key: &str, selection: &str| ChannelNames {
        selection: Some(selection.to_owned()),
        ..typed(format!("{device}:{roi}"), key)
    };
    match *kind {
        "roi_counters" => {
            // A region without a name is in a group with the name of the detector and an underscore.
            let (roi, key) = split_last(name, '_');
            Some(selected(device, roi, key, roi))
        }
        "roi_profiles" => Some(selected(device, name, "sum", name)),
        "roi_collection" => Some(selected(
            device,
            "roi_collection",
            "sum",
            "roi_collection_counter",
        )),
        _ => Some(typed(format!("{device}:{kind}"), name)),
    }
}

/// Returns the names of a channel of a detector with one group for everything. `principal` is its
/// principal data.
pub fn server(parts: &[&str], principal: &str) -> Option<ChannelNames> {
    let (device, rest) = parts.split_first()?;
    let key = rest.join(":");
    if device.is_empty() || key.is_empty() {
        return None;
    }
    let data_type = match key == principal {
        true => PRINCIPAL,
        false => key.as_str(),
    };
    Some(ChannelNames::new(*device, key.as_str(), data_type))
}

/// Images and sums are the principal data of a Lima detector.
fn typed(device: String, key: &str) -> ChannelNames {
    let data_type = match key {
        "image" | "sum" => PRINCIPAL,
        key => key,
    };
    ChannelNames::new(device, key, data_type)
}
