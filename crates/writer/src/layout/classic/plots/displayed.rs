//! The items that a user displayed, and which channels they select.

use serde_json::Value as Json;

use super::super::release::Release;

/// Returns the displayed items of a scan: those that Flint shows, if it publishes them, otherwise
/// those of `plotselect`. Items that are no texts are ignored.
pub fn displayed_items(info: &Json, release: Release) -> Vec<&str> {
    let extra = info.get(release.display_name());
    let list = |name: &str| {
        extra
            .and_then(|extra| extra.get(name))
            .filter(|list| !list.is_null())
    };
    let items = list("displayed_channels").or_else(|| list("plotselect"));
    let items = items.and_then(Json::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect()
}

/// Returns `true` if an item selects a channel. The parts of both names are compared from the end,
/// as far as both have parts: each part of the channel's name must end with that of the item. So
/// `xmap1:det0` selects `simxmap1:spectrum_det0`.
pub fn selects(item: &str, channel: &str) -> bool {
    parts(item)
        .zip(parts(channel))
        .all(|(item, channel)| channel.ends_with(item))
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.rsplit(['.', ':'])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_mean_channels_by_the_ends_of_their_names() {
        assert!(selects("iodet", "sim:iodet"));
        assert!(selects("xmap1:det0", "simxmap1:spectrum_det0"));
        assert!(selects("a.b:iodet", "b:iodet"));
        assert!(!selects("iodet", "sim:iodet2"));
        assert!(!selects("other:iodet", "sim:iodet"));
    }

    #[test]
    fn displayed_plots_precede_selected_ones() {
        let info = json!({"display_extra": {"displayed_channels": ["a", 3], "plotselect": ["b"]}});
        assert_eq!(displayed_items(&info, Release::Bliss2), ["a"]);
        let info = json!({"display_extra": {"displayed_channels": null, "plotselect": ["b"]}});
        assert_eq!(displayed_items(&info, Release::Bliss2), ["b"]);
        let info = json!({"display_extra": {"displayed_channels": [], "plotselect": ["b"]}});
        assert_eq!(displayed_items(&info, Release::Bliss2), [""; 0]);
        for info in [
            json!(null),
            json!({"display_extra": 3}),
            json!({"display_extra": {"plotselect": "b"}}),
        ] {
            assert_eq!(displayed_items(&info, Release::Bliss2), [""; 0]);
        }
    }
}
